import pytest

from xerus.pages.csrf import Csrf


def test_a_token_fits_its_own_binding_only() -> None:
    csrf = Csrf(b"k" * 32)
    token = csrf.token("session-1")
    assert csrf.check("session-1", token)
    assert not csrf.check("session-2", token)


def test_a_token_of_another_key_does_not_fit() -> None:
    assert not Csrf(b"a" * 32).check("session-1", Csrf(b"b" * 32).token("session-1"))


@pytest.mark.parametrize("token", ["", "x", "\u00e9", "\ud800", "a" * 43])
def test_a_made_up_token_does_not_fit(token: str) -> None:
    assert not Csrf(b"k" * 32).check("session-1", token)


def test_an_empty_binding_has_no_token() -> None:
    csrf = Csrf(b"k" * 32)
    with pytest.raises(ValueError, match="binding"):
        csrf.token("")
    assert not csrf.check("", "")

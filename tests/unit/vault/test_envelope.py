from dataclasses import replace
from uuid import uuid4

import pytest

from xerus.vault.envelope import Binding, SealBroken, key_id_of, seal, unseal

KEY, KEY_ID = bytes(range(32)), uuid4()
BINDING = Binding(
    table="credentials", column="access_token", row_id="r1", user_id="u1", provider="atlassian"
)
SEALED = seal(b"token" * 100, BINDING, key_id=KEY_ID, key=KEY)


def test_a_sealed_value_opens_with_its_binding_and_names_its_key() -> None:
    assert unseal(SEALED, BINDING, key=KEY) == b"token" * 100
    assert key_id_of(SEALED) == KEY_ID
    assert b"token" not in SEALED


def test_the_same_text_never_seals_to_the_same_bytes() -> None:
    assert len({seal(b"x", BINDING, key_id=KEY_ID, key=KEY) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "other",
    [
        replace(BINDING, table="sessions"),
        replace(BINDING, column="refresh_token"),
        replace(BINDING, row_id="r2"),
        replace(BINDING, user_id="u2"),
        replace(BINDING, provider="entra"),
        replace(BINDING, user_id="", provider="u1atlassian"),
    ],
)
def test_a_value_does_not_open_at_another_place(other: Binding) -> None:
    with pytest.raises(SealBroken) as caught:
        unseal(SEALED, other, key=KEY)

    assert "token" not in caught.value.message


def test_every_third_bit_flip_of_the_value_is_detected() -> None:
    flips = range(0, len(SEALED) * 8, 3)

    for bit in flips:
        changed = bytearray(SEALED)
        changed[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises(SealBroken):
            _open(bytes(changed))


@pytest.mark.parametrize("length", [0, 1, 17, 29, 44, len(SEALED) - 1])
def test_a_truncated_value_is_detected(length: int) -> None:
    with pytest.raises(SealBroken):
        _open(SEALED[:length])


def _open(sealed: bytes) -> bytes:
    key_id_of(sealed)
    return unseal(sealed, BINDING, key=KEY)

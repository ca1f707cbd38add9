"""Entra's errors in words."""

import pytest

from xerus.oauth.aadsts import diagnosed

TRACE, CORRELATION = "0f0e0d0c-0000-4000-8000-00000000000a", "0f0e0d0c-0000-4000-8000-00000000000b"
DESCRIPTION = (
    "AADSTS50105: Your administrator has configured the application to block users.\r\n"
    f"Trace ID: {TRACE}\r\nCorrelation ID: {CORRELATION}\r\nTimestamp: 2026-11-26 10:00:00Z"
)


def test_a_known_number_is_said_in_words_with_what_support_asks_for() -> None:
    said = diagnosed(DESCRIPTION)
    assert said is not None
    assert said.message == "You are not assigned to Xerus at Entra ID. (AADSTS50105)"
    assert said.hint.startswith("An administrator can assign you.")
    assert TRACE in said.hint
    assert CORRELATION in said.hint


def test_an_unknown_number_is_shown_as_it_is() -> None:
    said = diagnosed("AADSTS123456: new", otherwise="Sign in again.")
    assert said is not None
    assert (said.message, said.hint) == ("Entra ID refused. (AADSTS123456)", "Sign in again.")


@pytest.mark.parametrize("text", ["", "access_denied", "AADSTS", "XAADSTS50105", "AADSTS123456789"])
def test_what_is_none_of_entras_is_not_diagnosed(text: str) -> None:
    assert diagnosed(text) is None


def test_nothing_of_a_made_up_description_is_repeated() -> None:
    said = diagnosed(
        "AADSTS50105 <b>Call 555-0100</b> Trace ID: call-me Correlation ID: " + "x" * 36
    )
    assert said is not None
    assert "555" not in said.message + said.hint
    assert "call-me" not in said.hint
    assert "xxx" not in said.hint

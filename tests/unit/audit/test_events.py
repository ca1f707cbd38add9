from typing import Any

import pytest

from xerus.audit.events import FIELDS, Event, checked

_SECRETS = {"access_token", "refresh_token", "code", "code_verifier", "state", "body", "password"}


def test_every_event_is_subject_object_action_and_has_its_own_name() -> None:
    assert len({event.value for event in Event}) == len(Event)
    assert all(len(event.split(":")) == 3 for event in Event)


def test_no_event_may_carry_a_secret() -> None:
    assert all(not fields & _SECRETS for fields in FIELDS.values())


def test_an_unknown_fact_is_a_mistake_in_the_calling_code() -> None:
    with pytest.raises(ValueError, match="tool:call:started may not carry access_token"):
        checked(Event.CALL_STARTED, {"tool": "jira_search", "access_token": "x"})


@pytest.mark.parametrize("value", [1.5, b"x", [], {}])
def test_a_fact_is_text_whole_number_or_truth_value(value: Any) -> None:
    with pytest.raises(TypeError, match="tool"):
        checked(Event.CALL_STARTED, {"tool": value})


@pytest.mark.parametrize(
    ("given", "kept"),
    [("a\x00b", "a\ufffdb"), ("a\ud800b", "a?b"), ("x" * 1000, "x" * 300), (True, True), (7, 7)],
)
def test_facts_are_stored_in_a_form_that_the_database_holds(given: Any, kept: Any) -> None:
    assert checked(Event.CALL_STARTED, {"target": given}) == {"target": kept}

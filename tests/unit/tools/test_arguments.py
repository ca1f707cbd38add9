import pytest

from xerus.errors import InvalidInput
from xerus.tools.arguments import checked
from xerus.tools.catalogue import Catalogue
from xerus.tools.jira.issues import GetIssue
from xerus.tools.jira.transitions import TransitionIssue

_TOOLS = Catalogue()


def refused(tool: str, arguments: dict[str, object]) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        checked(_TOOLS.get(tool), arguments)
    return caught.value


def test_an_unknown_argument_is_refused_with_the_nearest_name() -> None:
    error = refused("jira_get_issue", {"issue_key": "ENG-1", "isue_key": "x"})
    assert "isue_key: unknown argument, did you mean issue_key?" in error.message
    assert "issue_key (required)" in error.hint


def test_missing_and_malformed_arguments_are_all_named() -> None:
    assert "issue_key: is required" in refused("jira_get_issue", {}).message
    wrong = refused("jira_get_issue", {"issue_key": "../../etc", "comment_limit": 1000})
    assert "issue_key: has the wrong form, expected: Issue key" in wrong.message
    assert "comment_limit: input should be less than or equal to 100" in wrong.message


def test_the_value_of_a_wrong_argument_is_not_repeated() -> None:
    assert "hunter2" not in refused("jira_get_issue", {"issue_key": "hunter2 !"}).message


def test_keys_are_taken_in_any_case_and_null_is_absence() -> None:
    args = checked(
        _TOOLS.get("jira_get_issue"), {"issue_key": " eng-12 ", "site": None, "fields": None}
    )
    assert isinstance(args, GetIssue)
    assert args.issue_key == "ENG-12"


def test_the_name_of_the_replaced_server_is_understood() -> None:
    args = checked(
        _TOOLS.get("jira_transition_issue"), {"issue_key": "ENG-1", "transition_id": "31"}
    )
    assert isinstance(args, TransitionIssue)
    assert args.transition == "31"


def test_an_object_sent_as_json_text_is_understood() -> None:
    args = checked(
        _TOOLS.get("jira_transition_issue"),
        {"issue_key": "ENG-1", "transition": "31", "fields": '{"resolution": {"name": "Done"}}'},
    )
    assert isinstance(args, TransitionIssue)
    assert args.fields == {"resolution": {"name": "Done"}}
    arguments: dict[str, object] = {"issue_key": "ENG-1", "transition": "31", "fields": "{oops"}
    assert "fields:" in refused("jira_transition_issue", arguments).message

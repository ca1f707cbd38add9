from xerus.assistant.calls import call_hash
from xerus.assistant.preview import exact, preview


def test_arguments_are_shown_in_words() -> None:
    shown = preview(
        {"summary": "Fix it", "project_key": "ENG", "labels": ["a", "b"], "notify_users": True},
        {"Status now": "To Do"},
    )
    assert shown[:5] == (
        ("Status now", "To Do"),
        ("Project", "ENG"),
        ("Summary", "Fix it"),
        ("Labels", "a, b"),
        ("Notify users", "true"),
    )


def test_invisible_characters_are_seen_in_the_exact_form() -> None:
    body = "fine\u202edesrever\u200b"
    assert "\\u202e" in exact({"body": body})
    assert "\u202e" not in "".join(value for _, value in preview({"body": body}, {}))


def test_the_hash_is_of_tool_and_values_not_of_their_order() -> None:
    assert call_hash("t", {"a": 1, "b": "é"}) == call_hash("t", {"b": "é", "a": 1})
    assert call_hash("t", {"a": 1}) != call_hash("u", {"a": 1})
    assert call_hash("t", {"a": 1}) != call_hash("t", {"a": "1"})

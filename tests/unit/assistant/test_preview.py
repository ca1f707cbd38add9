from xerus.assistant.calls import call_hash
from xerus.assistant.changes import Preview, in_words
from xerus.assistant.preview import by_arguments, exact, rows_of


def shown(preview: Preview) -> list[tuple[str, str | None]]:
    return [(row.name, row.after) for row in rows_of(preview)]


def test_arguments_are_shown_in_words() -> None:
    preview = by_arguments(
        {"summary": "Fix it", "project_key": "ENG", "labels": ["a", "b"], "notify_users": True}
    )
    assert shown(preview) == [
        ("Summary", "Fix it"),
        ("Project key", "ENG"),
        ("Labels", "a, b"),
        ("Notify users", "yes"),
    ]


def test_invisible_characters_are_seen_in_the_exact_form_and_do_nothing_in_words() -> None:
    body = "fine\u202edesrever\u200b"
    assert "\\u202e" in exact({"body": body})
    assert shown(by_arguments({"body\u202e": body})) == [("Body", "finedesrever")]


def test_of_an_object_with_several_values_all_are_shown() -> None:
    # Jira goes by the id, whatever the name beside it says.
    assert in_words({"displayName": "Ada", "accountId": "of-somebody-else"}) == (
        "displayName: Ada; accountId: of-somebody-else"
    )
    assert in_words({"name": "High"}) == "High"


def test_texts_are_compared_line_by_line() -> None:
    preview = Preview()
    preview.texts("Text", "one\ntwo\nthree", "one\n2\nthree")
    [row] = rows_of(preview)
    assert [(line.kind, line.text) for line in row.lines] == [
        ("same", "one"),
        ("removed", "two"),
        ("added", "2"),
        ("same", "three"),
    ]


def test_markup_in_a_new_text_stays_text() -> None:
    preview = Preview()
    preview.text("Comment", "<img src=x onerror=alert(1)> **bold** ![x](https://evil.example/a)")
    [row] = rows_of(preview)
    assert row.html is not None
    assert "<img" not in row.html
    assert "<strong>bold</strong>" in row.html


def test_the_hash_is_of_tool_and_values_not_of_their_order() -> None:
    assert call_hash("t", {"a": 1, "b": "é"}) == call_hash("t", {"b": "é", "a": 1})
    assert call_hash("t", {"a": 1}) != call_hash("u", {"a": 1})
    assert call_hash("t", {"a": 1}) != call_hash("t", {"a": "1"})

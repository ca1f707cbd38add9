import orjson
import pytest

from xerus.atlassian.confluence.records import cloud_page, data_center_page, hit, next_cursor
from xerus.connections.views import ConnectionView, Site, State
from xerus.ids import CloudId
from xerus.tools.connection import status_of
from xerus.tools.jira.issue_view import IssueView
from xerus.tools.jira.records import columns_of, flat


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "yes"),
        (3.5, "3.5"),
        ("2026-01-31T10:20:30.000+0000", "2026-01-31 10:20"),
        ({"displayName": "Ada", "accountId": "x"}, "Ada"),
        ({"name": "High", "id": "2"}, "High"),
        ({"value": "Blue"}, "Blue"),
        ([{"name": "api"}, {"name": "shop"}], "api, shop"),
        ({}, ""),
    ],
)
def test_any_field_value_becomes_short_text(value: object, expected: str) -> None:
    assert flat(value) == expected


def test_a_document_in_a_field_becomes_markdown() -> None:
    text = {"type": "text", "text": "hello"}
    document = {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [text]}],
    }
    assert flat(document) == "hello"


def test_columns_come_from_a_list_of_names() -> None:
    assert columns_of("key, summary ,labels") == ("summary", "labels")
    assert "summary" in columns_of(None)


def test_the_cursor_is_a_parameter_and_never_an_address_to_follow() -> None:
    answer = {"_links": {"next": "https://evil.example/rest/api/search?cursor=abc%3D&limit=3"}}
    assert next_cursor(answer, "cursor") == "abc="
    assert next_cursor({"_links": {}}, "cursor") is None


def test_pages_of_both_deployments_give_one_record() -> None:
    adf = {"type": "doc", "version": 1, "content": []}
    cloud = cloud_page(
        {
            "id": "1",
            "title": "T",
            "spaceId": "9",
            "version": {"number": 2, "authorId": "a1", "createdAt": "2026-01-01T00:00:00Z"},
            "body": {"atlas_doc_format": {"value": orjson.dumps(adf).decode()}},
            "_links": {"webui": "/spaces/DOCS/pages/1/T"},
        }
    )
    assert (cloud.space_key, cloud.version, cloud.body) == ("DOCS", 2, adf)
    server = data_center_page(
        {
            "id": "1",
            "title": "T",
            "space": {"key": "DOCS"},
            "version": {"number": 2, "by": {"displayName": "Ada"}},
            "ancestors": [{"id": "7"}, {"id": "8"}],
            "body": {"storage": {"value": "<p>x</p>"}},
        }
    )
    assert (server.space_key, server.parent_id, server.author) == ("DOCS", "8", "Ada")


def test_highlights_are_taken_out_of_hits() -> None:
    found = hit({"content": {"id": "1", "type": "page"}, "title": "a @@@hl@@@b@@@endhl@@@"})
    assert found.title == "a b"


def test_a_comment_beyond_the_bounds_does_not_hide_the_issue() -> None:
    nested: dict[str, object] = {"type": "paragraph"}
    for _ in range(5000):
        nested = {"type": "blockquote", "content": [nested]}
    document = {"type": "doc", "version": 1, "content": [nested]}
    issue = {"key": "ENG-1", "fields": {"summary": "S", "description": document}}
    text = IssueView(issue=issue, link="x", comments=0, max_chars=500).markdown()
    assert "summary: S" in text
    assert "[not shown: " in text


def test_the_status_of_a_connection_is_told_without_secrets() -> None:
    site = Site(
        name="acme",
        url="https://acme.example",
        cloud_id=CloudId("c1"),
        products=frozenset({"jira"}),
        chosen=True,
    )
    view = ConnectionView(
        state=State.CONNECTED,
        account_email="ada@example.com",
        sites=(site,),
        scopes=frozenset({"read:me"}),
    )
    status = status_of(view, link="Atlassian", tools_url="http://localhost/tools")
    text = status.markdown()
    assert "State: connected" in text
    assert "|acme|https://acme.example|c1|jira|yes|" in text
    assert status.structured()["sites"][0]["chosen"] is True

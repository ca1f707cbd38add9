"""The sandbox's Confluence, called below HTTP: what real Confluence would answer."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from starlette.datastructures import QueryParams

from xerus_sandbox.accounts import ADA, GRACE, cloud_sites, data_center_sites
from xerus_sandbox.operations import Account, ApiError, Call, Deployment
from xerus_sandbox.products.catalogue import OPERATIONS
from xerus_sandbox.products.model import Page
from xerus_sandbox.products.seed.pick import DAY, TODAY
from xerus_sandbox.products.world import World

BASE = "http://127.0.0.1:1"
V2 = "/wiki/api/v2"
Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def world() -> World:
    return World.seed(BASE)


@pytest.fixture
def ask(world: World) -> Ask:
    def run(
        method: str,
        path: str,
        body: Any = None,
        *,
        who: Account = ADA,
        deployment: Deployment = "cloud",
        params: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        cloud = deployment == "cloud"
        [operation] = [
            o
            for o in OPERATIONS
            if (o.product, o.deployment, o.method, o.path)
            == ("confluence", deployment, method, path)
        ]
        call = Call(
            account=who,
            site=cloud_sites(BASE)["acme"] if cloud else data_center_sites(BASE)["confluence"],
            deployment=deployment,
            method=method,
            path=operation.path,
            params=params or {},
            query=QueryParams(query or {}),
            headers={},
            body=b"" if body is None else orjson.dumps(body),
            now=TODAY + DAY,
        )
        try:
            answer = operation.run(world, call)
        except ApiError as error:
            return error.status, error.body
        return answer.status, answer.body

    return run


def titled(world: World, title: str, site: str = "acme") -> Page:
    [page] = [p for p in world.confluence[site].pages.values() if p.title == title]
    return page


def created(ask: Ask, world: World, value: str, representation: str = "storage") -> str:
    given = {
        "spaceId": titled(world, "Release process").space,
        "title": "New page",
        "status": "current",
        "body": {"representation": representation, "value": value},
    }
    status, body = ask("POST", f"{V2}/pages", given)
    assert status == 200, body
    return str(body["id"])


def read(ask: Ask, page_id: str, form: str) -> str:
    path = f"{V2}/pages/{{id}}"
    _, body = ask("GET", path, params={"id": page_id}, query={"body-format": form})
    value: str = body["body"][form]["value"]
    return value


def update(page_id: str, number: int, title: str = "New page") -> dict[str, Any]:
    return {
        "id": page_id,
        "status": "current",
        "title": title,
        "body": {"representation": "storage", "value": "<p>Changed</p>"},
        "version": {"number": number},
    }


def test_page_without_body_format_has_no_body(ask: Ask, world: World) -> None:
    page = titled(world, "Release process")
    _, body = ask("GET", f"{V2}/pages/{{id}}", params={"id": page.id})
    assert body["body"] == {}
    assert body["spaceId"].isdigit()


def test_storage_is_kept_byte_for_byte(ask: Ask, world: World) -> None:
    text = '<p  class="x">a&nbsp;b</p><ac:structured-macro ac:name="odd" ac:macro-id="1"/>'
    assert read(ask, created(ask, world, text), "storage") == text


def test_storage_reads_as_adf_in_a_json_string(ask: Ask, world: World) -> None:
    page_id = created(ask, world, "<h2>Top</h2><ul><li>one</li></ul>")
    document = orjson.loads(read(ask, page_id, "atlas_doc_format"))
    assert [node["type"] for node in document["content"]] == ["heading", "bulletList"]


def test_adf_reads_as_storage(ask: Ask, world: World) -> None:
    text = {"type": "text", "text": "a < b", "marks": [{"type": "strong"}]}
    document = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [text]}]}
    written = orjson.dumps(document).decode()
    page_id = created(ask, world, written, "atlas_doc_format")
    assert read(ask, page_id, "storage") == "<p><strong>a &lt; b</strong></p>"
    assert read(ask, page_id, "atlas_doc_format") == written


def test_wiki_markup_becomes_storage(ask: Ask, world: World) -> None:
    page_id = created(ask, world, "h1. Top\n* one\n* *two*", "wiki")
    expected = "<h1>Top</h1><ul><li>one</li><li><strong>two</strong></li></ul>"
    assert read(ask, page_id, "storage") == expected


@pytest.mark.parametrize(
    ("representation", "value"),
    [("storage", "<p>open"), ("atlas_doc_format", "{}"), ("atlas_doc_format", "x"), ("view", "x")],
)
def test_bad_body_is_refused(ask: Ask, world: World, representation: str, value: str) -> None:
    given = {
        "spaceId": titled(world, "Release process").space,
        "title": "Bad",
        "body": {"representation": representation, "value": value},
    }
    status, body = ask("POST", f"{V2}/pages", given)
    assert (status, body["errors"][0]["code"]) == (400, "BAD_REQUEST")


def test_stale_version_is_a_conflict_and_changes_nothing(ask: Ask, world: World) -> None:
    page_id, path = created(ask, world, "<p>First</p>"), f"{V2}/pages/{{id}}"
    assert ask("PUT", path, update(page_id, 2), params={"id": page_id})[0] == 200
    status, body = ask("PUT", path, update(page_id, 2), params={"id": page_id})
    assert (status, body["errors"][0]["code"]) == (409, "CONFLICT")
    assert len(world.confluence["acme"].pages[page_id].versions) == 2


def test_first_delete_trashes_and_purge_deletes(ask: Ask, world: World) -> None:
    page_id, path = created(ask, world, "<p>x</p>"), f"{V2}/pages/{{id}}"
    at = {"id": page_id}
    assert ask("DELETE", path, params=at) == (204, None)
    assert ask("GET", path, params=at)[0] == 404
    assert ask("GET", path, params=at, query={"status": "trashed"})[0] == 200
    assert ask("DELETE", path, params=at, query={"purge": "true"})[0] == 204
    assert ask("GET", path, params=at, query={"status": "trashed"})[0] == 404


def test_next_link_is_relative_without_the_gateway(ask: Ask) -> None:
    _, body = ask("GET", f"{V2}/pages", query={"limit": "2"})
    assert body["_links"]["next"].startswith("/wiki/api/v2/pages?limit=2&cursor=")
    assert body["_links"]["base"] == f"{BASE}/site/acme/wiki"


def test_hidden_space_reads_as_missing(ask: Ask, world: World) -> None:
    page = titled(world, "Holiday rules")
    at = {"id": page.id}
    assert ask("GET", f"{V2}/pages/{{id}}", params=at)[0] == 200
    assert ask("GET", f"{V2}/pages/{{id}}", params=at, who=GRACE)[0] == 404
    search = {"cql": "space = HR"}
    assert ask("GET", "/wiki/rest/api/search", query=search, who=GRACE)[1]["totalSize"] == 0


@pytest.mark.parametrize(
    ("cql", "title"),
    [
        ('title = "Holiday rules"', "Holiday rules"),
        ('title ~ "holiday" and type = page', "Holiday rules"),
        ('space = HR and title in ("Holiday rules") order by lastmodified desc', "Holiday rules"),
    ],
)
def test_cql_finds_pages(ask: Ask, cql: str, title: str) -> None:
    _, body = ask("GET", "/wiki/rest/api/search", query={"cql": cql})
    assert [hit["title"] for hit in body["results"]] == [title]


@pytest.mark.parametrize("cql", ["", "foo = 1", "title =", "type = nothing", "created > soon"])
def test_bad_cql_is_refused(ask: Ask, cql: str) -> None:
    status, body = ask("GET", "/wiki/rest/api/search", query={"cql": cql})
    assert (status, body["statusCode"]) == (400, 400)


def test_removed_content_api_answers_410(ask: Ask) -> None:
    status, body = ask("GET", "/wiki/rest/api/content/{id}", params={"id": "1"})
    assert status == 410
    assert "GoneException" in body["message"]


def test_comment_is_added_and_listed(ask: Ask, world: World) -> None:
    page_id = created(ask, world, "<p>x</p>")
    given = {"pageId": page_id, "body": {"representation": "storage", "value": "<p>Yes</p>"}}
    assert ask("POST", f"{V2}/footer-comments", given)[0] == 201
    query = {"body-format": "storage"}
    _, body = ask("GET", f"{V2}/pages/{{id}}/footer-comments", params={"id": page_id}, query=query)
    assert [c["body"]["storage"]["value"] for c in body["results"]] == ["<p>Yes</p>"]


def test_data_center_creates_and_refuses_a_stale_update(ask: Ask) -> None:
    body = {"storage": {"value": "<p>x</p>", "representation": "storage"}}
    given = {"type": "page", "title": "New", "space": {"key": "DOCS"}, "body": body}
    status, page = ask("POST", "/rest/api/content", given, deployment="dc")
    assert status == 200
    path, at = "/rest/api/content/{contentId}", {"contentId": page["id"]}
    change = {"type": "page", "title": "New", "version": {"number": 1}, "body": body}
    status, refused = ask("PUT", path, change, deployment="dc", params=at)
    assert (status, refused["statusCode"]) == (409, 409)
    assert refused["message"].endswith("Current version is: 1")

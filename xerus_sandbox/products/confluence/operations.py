"""The REST operations of Confluence, with the scopes that Atlassian's descriptions list."""

from collections.abc import Callable

from xerus_sandbox.operations import Answer, Call, Operation
from xerus_sandbox.products.confluence import (
    cloud_comments,
    cloud_page_writes,
    cloud_pages,
    cloud_spaces,
    search,
    server_content,
)
from xerus_sandbox.products.world import World

_V2 = "confluence-cloud-v2.openapi.json"
_V1 = "confluence-cloud-v1.openapi.json"
_DATA_CENTER = "confluence-data-center-10.0.3.openapi.json"

Run = Callable[[World, Call], Answer]


def _cloud(
    method: str, path: str, run: Run, spec: str, *scopes: str, writes: bool = False
) -> Operation:
    return Operation(
        product="confluence",
        deployment="cloud",
        method=method,
        path=path,
        spec=spec,
        scopes=tuple(frozenset({scope}) for scope in scopes),
        run=run,
        writes=writes,
    )


def _v2(method: str, path: str, run: Run, scope: str) -> Operation:
    writes = method != "GET"
    full = f"{scope}:confluence"
    return _cloud(method, f"/wiki/api/v2{path}", run, _V2, full, writes=writes)


def _v1(path: str, run: Run, *scopes: str) -> Operation:
    return _cloud("GET", f"/wiki/rest/api{path}", run, _V1, *scopes)


def _removed(method: str, path: str) -> Operation:
    verb = {"GET": "read:confluence-content.all", "DELETE": "write:confluence-content"}
    scope = verb.get(method, "write:confluence-content")
    granular = {"GET": "read:page:confluence", "DELETE": "delete:page:confluence"}
    other = granular.get(method, "write:page:confluence")
    path = f"/wiki/rest/api{path}"
    return _cloud(method, path, search.removed, _V1, scope, other)


def _server(method: str, path: str, run: Run) -> Operation:
    return Operation(
        product="confluence",
        deployment="dc",
        method=method,
        path=f"/rest/api{path}",
        spec=_DATA_CENTER,
        scopes=(),
        run=run,
        writes=method != "GET",
    )


CLOUD = (
    _v2("GET", "/pages", cloud_pages.pages, "read:page"),
    _v2("POST", "/pages", cloud_page_writes.create, "write:page"),
    _v2("GET", "/pages/{id}", cloud_pages.get, "read:page"),
    _v2("PUT", "/pages/{id}", cloud_page_writes.update, "write:page"),
    _v2("DELETE", "/pages/{id}", cloud_page_writes.delete, "delete:page"),
    _v2("GET", "/pages/{id}/labels", cloud_pages.labels, "read:page"),
    _v2(
        "GET",
        "/pages/{id}/direct-children",
        cloud_pages.direct_children,
        "read:hierarchical-content",
    ),
    _v2("GET", "/pages/{id}/ancestors", cloud_pages.ancestors, "read:content.metadata"),
    _v2("GET", "/pages/{id}/footer-comments", cloud_comments.of_page, "read:comment"),
    _v2("POST", "/footer-comments", cloud_comments.create, "write:comment"),
    _v2("GET", "/spaces", cloud_spaces.spaces, "read:space"),
    _v2("GET", "/spaces/{id}", cloud_spaces.space, "read:space"),
    _v2("GET", "/spaces/{id}/pages", cloud_pages.pages_of_space, "read:page"),
    _v1("/search", search.cloud, "search:confluence", "read:content-details:confluence"),
    _v1(
        "/user/current",
        search.current_user,
        "read:confluence-user",
        "read:content-details:confluence",
    ),
    _v1(
        "/settings/systemInfo",
        search.system_info,
        "manage:confluence-configuration",
        "read:configuration:confluence",
    ),
    _removed("GET", "/content"),
    _removed("POST", "/content"),
    _removed("GET", "/content/{id}"),
    _removed("PUT", "/content/{id}"),
    _removed("DELETE", "/content/{id}"),
    _removed("GET", "/space"),
)

DATA_CENTER = (
    _server("GET", "/content", server_content.content),
    _server("POST", "/content", server_content.create),
    _server("GET", "/content/search", server_content.find),
    _server("GET", "/content/{id}", server_content.get),
    _server("PUT", "/content/{contentId}", server_content.update),
    _server("DELETE", "/content/{id}", server_content.delete),
    _server("GET", "/content/{id}/child/comment", server_content.comments),
    _server("GET", "/search", search.server),
    _server("GET", "/space", server_content.spaces),
    _server("GET", "/space/{spaceKey}", server_content.space),
    _server("GET", "/user/current", search.current_user),
    _server("GET", "/server-information", search.server_information),
)

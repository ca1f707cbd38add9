"""The REST operations of Confluence, with the scopes that Atlassian's descriptions list."""

from collections.abc import Callable

from xerus_sandbox.operations import Answer, Call, Operation
from xerus_sandbox.products.confluence import (
    cloud_page_writes,
    cloud_pages,
    cloud_spaces,
    search,
    server_any,
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


def v2(method: str, path: str, run: Run, scope: str) -> Operation:
    """Return an operation of REST v2, whose scopes are granular."""
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


def server(method: str, path: str, run: Run, *, below: str = "/rest/api") -> Operation:
    """Return an operation of Data Center; `below` is "" for an address of its pages."""
    return Operation(
        product="confluence",
        deployment="dc",
        method=method,
        path=f"{below}{path}",
        spec=_DATA_CENTER,
        scopes=(),
        run=run,
        writes=method != "GET",
    )


CLOUD = (
    v2("GET", "/pages", cloud_pages.pages, "read:page"),
    v2("POST", "/pages", cloud_page_writes.create, "write:page"),
    v2("GET", "/pages/{id}", cloud_pages.get, "read:page"),
    v2("PUT", "/pages/{id}", cloud_page_writes.update, "write:page"),
    v2("DELETE", "/pages/{id}", cloud_page_writes.delete, "delete:page"),
    v2(
        "GET",
        "/pages/{id}/direct-children",
        cloud_pages.direct_children,
        "read:hierarchical-content",
    ),
    v2("GET", "/pages/{id}/ancestors", cloud_pages.ancestors, "read:content.metadata"),
    v2("GET", "/spaces", cloud_spaces.spaces, "read:space"),
    v2("GET", "/spaces/{id}", cloud_spaces.space, "read:space"),
    v2("GET", "/spaces/{id}/pages", cloud_pages.pages_of_space, "read:page"),
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
    server("GET", "/content", server_content.content),
    server("POST", "/content", server_any.create),
    server("GET", "/content/search", server_content.find),
    server("GET", "/content/{id}", server_any.get),
    server("PUT", "/content/{contentId}", server_any.update),
    server("DELETE", "/content/{id}", server_any.delete),
    server("GET", "/search", search.server),
    server("GET", "/space", server_content.spaces),
    server("GET", "/space/{spaceKey}", server_content.space),
    server("GET", "/user/current", search.current_user),
    server("GET", "/server-information", search.server_information),
)

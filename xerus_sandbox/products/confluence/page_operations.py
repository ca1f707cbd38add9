"""The REST operations on pages beyond reading and writing one, with the scopes described."""

from xerus_sandbox.operations import Deployment, Operation
from xerus_sandbox.products.confluence import (
    analytics,
    attention,
    cloud_folders,
    cloud_page_writes,
    cloud_pages,
    cloud_tasks,
    cloud_templates,
    cloud_tree,
    copies,
    placement,
    search,
    server_content,
)
from xerus_sandbox.products.confluence.operations import Run

_V2 = "confluence-cloud-v2.openapi.json"
_V1 = "confluence-cloud-v1.openapi.json"
_DATA_CENTER = "confluence-data-center-10.0.3.openapi.json"
_WRITE = "write:confluence-content"
_DETAILS = "read:content-details:confluence"
_PAGE = "write:page:confluence"


def _operation(
    deployment: Deployment, method: str, path: str, run: Run, spec: str, *scopes: str
) -> Operation:
    """Return an operation; each of `scopes` is one alternative, its parts separated by spaces."""
    return Operation(
        product="confluence",
        deployment=deployment,
        method=method,
        path=path,
        spec=spec,
        scopes=tuple(frozenset(alternative.split()) for alternative in scopes),
        run=run,
        writes=method != "GET",
    )


def _v2(method: str, path: str, run: Run, scope: str) -> Operation:
    return _operation("cloud", method, f"/wiki/api/v2{path}", run, _V2, f"{scope}:confluence")


def _v1(method: str, path: str, run: Run, *scopes: str) -> Operation:
    return _operation("cloud", method, f"/wiki/rest/api{path}", run, _V1, *scopes)


def _server(method: str, path: str, run: Run) -> Operation:
    return _operation("dc", method, f"/rest/api{path}", run, _DATA_CENTER)


_WATCH = "/user/watch/content/{contentId}"
_RESTRICTIONS = "/content/{id}/restriction/byOperation"
_ANALYTICS = "/analytics/content/{contentId}"
_SUMMARY = "read:confluence-content.summary"
_TEMPLATES = f"read:template:confluence {_DETAILS}"
_MOVE = "/content/{pageId}/move/{position}/{targetId}"

CLOUD = (
    _v2("PUT", "/pages/{id}/title", cloud_page_writes.rename, "write:page"),
    _v2("GET", "/pages/{id}/versions", cloud_tree.versions, "read:page"),
    _v2("GET", "/pages/{page-id}/versions/{version-number}", cloud_tree.version, "read:page"),
    _v2("GET", "/pages/{id}/descendants", cloud_tree.descendants, "read:hierarchical-content"),
    _v2("GET", "/blogposts", cloud_pages.blogposts, "read:page"),
    _v2("POST", "/blogposts", cloud_page_writes.create, "write:page"),
    _v2("GET", "/blogposts/{id}", cloud_pages.get, "read:page"),
    _v2("PUT", "/blogposts/{id}", cloud_page_writes.update, "write:page"),
    _v2("DELETE", "/blogposts/{id}", cloud_page_writes.delete, "delete:page"),
    _v2("POST", "/folders", cloud_folders.create, "write:folder"),
    _v2("GET", "/folders/{id}", cloud_folders.get, "read:folder"),
    _v2("GET", "/tasks", cloud_tasks.tasks, "read:task"),
    _v2("GET", "/tasks/{id}", cloud_tasks.get, "read:task"),
    _v2("PUT", "/tasks/{id}", cloud_tasks.update, "write:task"),
    _v1("GET", "/template/page", cloud_templates.templates, _SUMMARY, _TEMPLATES),
    _v1("GET", "/template/{contentTemplateId}", cloud_templates.get, _SUMMARY, _TEMPLATES),
    _v1("GET", "/search/user", search.people, _DETAILS),
    _v1("PUT", _MOVE, placement.move, _WRITE, _PAGE),
    _v1("POST", "/content/{id}/copy", copies.copy, _WRITE, f"{_DETAILS} {_PAGE}"),
    _v1(
        "POST",
        "/content/{id}/version",
        copies.restore,
        _WRITE,
        f"{_DETAILS} write:content:confluence",
    ),
    _v1(
        "GET",
        _WATCH,
        attention.is_watching,
        _SUMMARY,
        "read:watcher:confluence",
    ),
    _v1("GET", f"{_ANALYTICS}/views", analytics.views, _SUMMARY),
    _v1("GET", f"{_ANALYTICS}/viewers", analytics.viewers, _SUMMARY),
    _v1("POST", _WATCH, attention.watch, _WRITE, "write:watcher:confluence"),
    _v1("DELETE", _WATCH, attention.unwatch, _WRITE, "write:watcher:confluence"),
    _v1("GET", _RESTRICTIONS, attention.restrictions, "read:confluence-content.all", _DETAILS),
)

DATA_CENTER = (
    _server("GET", "/content/{id}/child/{type}", server_content.child_pages),
    _server("GET", "/content/{id}/history", server_content.history),
    _server("GET", "/space/{spaceKey}/content/{type}", server_content.of_space),
    _server("GET", _WATCH, attention.is_watching),
    _server("POST", _WATCH, attention.watch),
    _server("DELETE", _WATCH, attention.unwatch),
    _server("GET", _RESTRICTIONS, attention.restrictions),
)

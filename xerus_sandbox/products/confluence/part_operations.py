"""The REST operations on what hangs on pages: comments, labels, attachments."""

from xerus_sandbox.operations import Operation
from xerus_sandbox.products.confluence import attachments, cloud_comments, labels, server_comments
from xerus_sandbox.products.confluence.cloud_pages import labels as labels_of_page
from xerus_sandbox.products.confluence.operations import Run, server, v2

_V1 = "confluence-cloud-v1.openapi.json"
_ATTACH = "/content/{id}/child/attachment"
_STORE = ("write:confluence-file", "read:content-details:confluence write:attachment:confluence")
_LABEL = ("write:confluence-content", "read:label:confluence write:label:confluence")
_READ_FILE = ("readonly:content.attachment:confluence", "read:attachment:confluence")


def _v1(method: str, path: str, run: Run, *scopes: str) -> Operation:
    return Operation(
        product="confluence",
        deployment="cloud",
        method=method,
        path=f"/wiki/rest/api{path}",
        spec=_V1,
        scopes=tuple(frozenset(alternative.split()) for alternative in scopes),
        run=run,
        writes=method != "GET",
    )


def _comments(kind: str, *, inline: bool) -> tuple[Operation, ...]:
    one = f"/{kind}-comments/{{comment-id}}"
    return (
        v2("GET", one, cloud_comments.get(inline=inline), "read:comment"),
        v2("PUT", one, cloud_comments.update(inline=inline), "write:comment"),
        v2("DELETE", one, cloud_comments.delete(inline=inline), "delete:comment"),
        v2(
            "GET",
            f"/{kind}-comments/{{id}}/children",
            cloud_comments.replies(inline=inline),
            "read:comment",
        ),
    )


CLOUD = (
    v2("GET", "/pages/{id}/labels", labels_of_page, "read:page"),
    _v1("POST", "/content/{id}/label", labels.add, *_LABEL),
    _v1("DELETE", "/content/{id}/label", labels.remove, *_LABEL),
    v2("GET", "/pages/{id}/footer-comments", cloud_comments.of_page, "read:comment"),
    v2("POST", "/footer-comments", cloud_comments.create, "write:comment"),
    *_comments("footer", inline=False),
    v2("GET", "/pages/{id}/inline-comments", cloud_comments.inline_of_page, "read:comment"),
    v2("POST", "/inline-comments", cloud_comments.create_inline, "write:comment"),
    *_comments("inline", inline=True),
    v2("GET", "/pages/{id}/attachments", attachments.of_page, "read:attachment"),
    v2("GET", "/attachments/{id}", attachments.get, "read:attachment"),
    v2("DELETE", "/attachments/{id}", attachments.delete, "delete:attachment"),
    _v1("POST", _ATTACH, attachments.create, *_STORE),
    _v1("PUT", _ATTACH, attachments.create_or_update, *_STORE),
    _v1("GET", f"{_ATTACH}/{{attachmentId}}/download", attachments.download, *_READ_FILE),
)

DATA_CENTER = (
    server("GET", "/content/{id}/label", labels.of_page),
    server("POST", "/content/{id}/label", labels.add),
    server("DELETE", "/content/{id}/label", labels.remove),
    server("GET", "/content/{id}/child/comment", server_comments.of_page),
    server("GET", _ATTACH, attachments.server_of_page),
    server("POST", _ATTACH, attachments.create),
    server("POST", f"{_ATTACH}/{{attachmentId}}/data", attachments.update_data),
    server(
        "GET",
        "/download/attachments/{id}/{filename}",
        attachments.server_download,
        below="",
    ),
)

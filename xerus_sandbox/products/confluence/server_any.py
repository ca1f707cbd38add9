"""Content of Data Center whatever its type is: pages, comments, attachments have one address."""

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.confluence import (
    access,
    attachments,
    parts,
    server_comments,
    server_content,
)
from xerus_sandbox.products.world import World


def get(world: World, call: Call) -> Answer:
    """Read a page, a comment or an attachment."""
    if comment := parts.comment(world, call, call.params["id"]):
        return Answer(body=server_comments.bean(world, call, *comment))
    if attachment := parts.attachment(world, call, call.params["id"]):
        return Answer(body=attachments.bean(world, call, *attachment))
    return server_content.get(world, call)


def create(world: World, call: Call) -> Answer:
    """Create a page, or a comment on one; 200."""
    if access.object_body(call).get("type") == "comment":
        return server_comments.create(world, call)
    return server_content.create(world, call)


def update(world: World, call: Call) -> Answer:
    """Change a page or a comment."""
    if comment := parts.comment(world, call, call.params["contentId"]):
        return server_comments.update(world, call, *comment)
    return server_content.update(world, call)


def delete(world: World, call: Call) -> Answer:
    """Move a page or an attachment to the trash, delete a comment for good; 204."""
    if comment := parts.comment(world, call, call.params["id"]):
        return server_comments.delete(world, call, *comment)
    if attachment := parts.attachment(world, call, call.params["id"]):
        return attachments.server_delete(*attachment)
    return server_content.delete(world, call)

"""Finding what hangs on pages: comments and attachments."""

from xerus_sandbox.operations import Call
from xerus_sandbox.products.confluence import bodies
from xerus_sandbox.products.model import Json, Page, PageAttachment, PageComment
from xerus_sandbox.products.world import World


def comment(world: World, call: Call, comment_id: str) -> tuple[Page, PageComment] | None:
    """Return a comment that the caller may see, with its page."""
    for page in _pages(world, call):
        for item in page.comments:
            if item.id == comment_id:
                return page, item
    return None


def attachment(world: World, call: Call, attachment_id: str) -> tuple[Page, PageAttachment] | None:
    """Return an attachment, not in the trash, that the caller may see, with its page."""
    for page in _pages(world, call):
        for item in page.attachments:
            if item.id == attachment_id and item.status == "current":
                return page, item
    return None


def space_of(world: World, call: Call, page: Page) -> Json:
    """Return the space of a page, as what hangs on the page names it on Data Center."""
    space = world.confluence_of(call).spaces[page.space]
    return {"id": int(space.id), "key": space.key, "name": space.name, "type": space.kind}


def may_change(world: World, call: Call, page: Page, author: str) -> bool:
    """Whether the caller may edit or delete what `author` wrote: the author and the space's owner."""
    owner = world.confluence_of(call).spaces[page.space].owner
    return call.account.account_id in {author, owner}


def remove_comment(page: Page, gone: PageComment) -> None:
    """Delete a comment for good; replies to it move up."""
    page.comments.remove(gone)
    for item in page.comments:
        if item.parent == gone.id:
            item.parent = gone.parent


def occurrences(page: Page, text: str) -> int:
    """Count how often a text stands on a page, as readers see it."""
    return bodies.as_words(page.current).count(" ".join(text.split()))


def marker(comment: PageComment) -> str:
    """Return the reference that ties an inline comment to its place in the body."""
    return f"00000000-0000-4000-8000-{int(comment.id):012d}"


def _pages(world: World, call: Call) -> list[Page]:
    data = world.confluence_of(call)
    return [
        page
        for page in data.pages.values()
        if page.status != "trashed" and data.visible_space(page.space, call.account.account_id)
    ]

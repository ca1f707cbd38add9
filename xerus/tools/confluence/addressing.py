"""From what a call names a page by to the page's id."""

from urllib.parse import urlsplit

from xerus.atlassian.confluence.client import Confluence, Form
from xerus.atlassian.confluence.records import Page
from xerus.errors import InvalidInput, NotFound
from xerus.tools.confluence.locator import Locator, locate


def located(confluence: Confluence, text: str) -> Locator:
    """Read an id or an address of this site.

    Raises:
        InvalidInput: it is neither, or the address is on another site.
    """
    found = locate(text)
    host = urlsplit(confluence.target.browse_base).netloc.lower()
    if found.host not in {"", host}:
        raise InvalidInput(
            f"That address is on {found.host}, but this call goes to {host}.",
            hint=f"Repeat it with site={found.host!r} if that site is connected.",
        )
    return found


def page_id_in(confluence: Confluence, text: str) -> str:
    """Return the id in an id or an address.

    Raises:
        InvalidInput: there is none in it, or it is that of a blog post.
    """
    found = _with_id(confluence, text)
    if found.kind == "blogpost" and confluence.is_cloud:
        raise InvalidInput(
            "That is the address of a blog post; this works with pages only.",
            hint="confluence_get_page, confluence_update_page, confluence_delete_page and "
            "confluence_restore take blog posts too.",
        )
    return found.page_id


async def content_in(
    confluence: Confluence, text: str, *, form: Form = "native", status: str = ""
) -> Page:
    """Read the page or blog post that an id or an address names.

    Raises:
        InvalidInput: there is no id in it.
    """
    return await content_at(
        confluence, _with_id(confluence, text), form=form, version=None, status=status
    )


async def content_at(
    confluence: Confluence, where: Locator, *, form: Form, version: int | None, status: str = ""
) -> Page:
    """Read the page or blog post whose id is known."""
    if where.kind == "blogpost":
        return await confluence.page(
            where.page_id, kind="blogpost", form=form, version=version, status=status
        )
    return await confluence.content(where.page_id, form=form, version=version, status=status)


def _with_id(confluence: Confluence, text: str) -> Locator:
    found = located(confluence, text)
    if not found.page_id:
        raise InvalidInput(
            "That address has a title in it, not the id of a page.",
            hint="confluence_get_page takes it and shows the id.",
        )
    return found


def no_space(space_key: str) -> NotFound:
    """Return the error for a space that is not there, or not for this account."""
    return NotFound(
        f"There is no space {space_key!r}, or the connected account may not see it. "
        "Nothing was changed."
    )

"""What the tools of Confluence would change."""

import json
from collections.abc import Mapping
from typing import Any

from xerus.assistant.changes import Preview, in_words
from xerus.assistant.previews.reading import LONGEST, Given, Reader

_EXCERPT = 600
_MOST_BELOW = 250
_DEEPEST = 10


async def create_page(reader: Reader, given: Given, shown: Preview) -> None:
    """Show where a page goes, and how it will look."""
    shown.fact("Space", given.take("space_key"))
    if parent := given.text("parent_id"):
        above = await reader.read("confluence_get_page", page_id=parent, max_chars=200)
        shown.fact("Under", above.get("title") or parent)
    shown.fact("Title", given.take("title"))
    if given.peek("kind") in {"", "page"}:
        given.take("kind")
    shown.fact("Labels", given.take("labels"))
    _new_content(given, shown)


async def update_page(reader: Reader, given: Given, shown: Preview) -> None:
    """Show title and body before and after."""
    form = given.text("content_format") or "markdown"
    page = await _page(reader, given, shown, content_format=form, max_chars=400_000)
    if "title" in given:
        title = given.text("title")
        if title != page.get("title"):
            shown.change("Title", page.get("title"), title)
    if "content" in given:
        _body(given.text("content"), form, page, shown)
    if form != "markdown":
        shown.fact("Form of the text", form)
    shown.fact("Note for the history", given.take("version_comment"))
    _check_version(given, page, shown)


async def delete_page(reader: Reader, given: Given, shown: Preview) -> None:
    """Show what would be lost, the pages below counted."""
    page = await _page(reader, given, shown, max_chars=LONGEST)
    too = given.take("with_children") is True
    if not page:
        return
    shown.lost("Text", _excerpt(str(page.get("body", ""))))
    below = await _below(reader, str(page.get("page_id")))
    if below and too:
        shown.lost("Pages below it", below)
    elif below:
        shown.notes.append(f"It has pages below it, so it will be refused: {below}.")
    shown.notes.append("It goes to the trash of the space, from where it can be restored.")


async def move_page(reader: Reader, given: Given, shown: Preview) -> None:
    """Show where it is, and where it will be."""
    page = await _page(reader, given, shown)
    target = given.text("target_id") or given.text("target_parent_id")
    there = (
        await reader.read("confluence_get_page", page_id=target, max_chars=200) if target else {}
    )
    above = str(page.get("parent_id") or "")
    here = await reader.read("confluence_get_page", page_id=above, max_chars=200) if above else {}
    position = given.text("position") or "append"
    words = {"append": "under", "before": "right before", "after": "right after"}
    space = given.text("target_space_key")
    new = in_words(there.get("title")) or target or f"home page of {space}"
    old = in_words(here.get("title")) or (above and f"number {above}") or "top of the space"
    shown.change(
        "Place", f"under {old}" if page else None, f"{words.get(position, position)} {new}"
    )
    to = there.get("space_key") or space
    if page and to and to != page.get("space_key"):
        shown.change("Space", page.get("space_key"), to)
    elif not page or space != to:
        shown.fact("Space", space)
    if page and (below := await _below(reader, str(page.get("page_id")))):
        shown.fact("Goes with it", below)


async def restore(reader: Reader, given: Given, shown: Preview) -> None:
    """Show what an old version would bring back."""
    version = given.take("version")
    if version is None:
        given.take("page_id")
        shown.fact("Takes out of the trash", "the page and what it held")
        return
    ref = given.peek("page_id")
    page = await _page(reader, given, shown, max_chars=LONGEST)
    old = await reader.read("confluence_get_page", page_id=ref, version=version, max_chars=LONGEST)
    shown.fact("Back to version", version)
    if page and old:
        if old.get("title") != page.get("title"):
            shown.change("Title", page.get("title"), old.get("title"))
        shown.texts("Text", str(page.get("body", "")), str(old.get("body", "")))


async def copy_page(reader: Reader, given: Given, shown: Preview) -> None:
    """Show what is copied, and where to."""
    await _page(reader, given, shown)
    shown.fact("Title of the copy", given.take("title"))
    if parent := given.text("parent_id"):
        above = await reader.read("confluence_get_page", page_id=parent, max_chars=200)
        shown.fact("Under", above.get("title") or parent)
    shown.fact("Space", given.take("space_key"))


async def label(reader: Reader, given: Given, shown: Preview) -> None:
    """Show the labels before and after."""
    ref = given.peek("page_id")
    await _page(reader, given, shown)
    found = await reader.read("confluence_get_labels", page_id=ref)
    added, removed = given.take("add") or [], given.take("remove") or []
    rows = found.get("labels")
    if not isinstance(rows, list):
        shown.fact("Added", added)
        shown.fact("Removed", removed)
        return
    names = [str(one.get("name", "") if isinstance(one, Mapping) else one) for one in rows]
    kept = [name for name in names if name not in removed]
    shown.change("Labels", names, [*kept, *(one for one in added if one not in kept)])


async def add_comment(reader: Reader, given: Given, shown: Preview) -> None:
    """Show the comment as it will look, and what it is on."""
    if "page_id" in given:
        await _page(reader, given, shown)
    shown.fact("In reply to", given.take("reply_to"))
    shown.fact("On the words", given.take("anchor"))
    shown.text("Comment", given.text("body"))


async def edit_comment(_: Reader, given: Given, shown: Preview) -> None:
    """Show the new text; no tool reads a comment by its number alone."""
    shown.target = f"Comment {given.text('comment_id')}"
    shown.text("New text", given.text("body"))
    if "resolved" in given:
        shown.fact("Resolved", given.take("resolved"))
    shown.notes.append("What the comment says now cannot be read by its number alone.")


async def delete_comment(_: Reader, given: Given, shown: Preview) -> None:
    """Say which comment; no tool reads one by its number alone."""
    shown.target = f"Comment {given.text('comment_id')}"
    shown.notes.append("What the comment says now cannot be read by its number alone.")
    shown.notes.append("Confluence has no trash for comments: it cannot be undone.")


async def delete_attachment(reader: Reader, given: Given, shown: Preview) -> None:
    """Show the file that would be lost."""
    await _page(reader, given, shown)
    shown.lost("File", given.take("attachment"))


async def on_page(reader: Reader, given: Given, shown: Preview) -> None:
    """Show the page that a call is about; its arguments say the rest."""
    await _page(reader, given, shown)


async def _page(
    reader: Reader,
    given: Given,
    shown: Preview,
    *,
    content_format: str = "markdown",
    max_chars: int = 200,
) -> dict[str, Any]:
    """Read the page that a call names, and say which it is: title, space, version."""
    ref = given.text("page_id")
    page = await reader.read(
        "confluence_get_page", page_id=ref, content_format=content_format, max_chars=max_chars
    )
    shown.target = f"Page {ref}"
    if page:
        title = in_words(page.get("title"))
        shown.target = f"{title} · space {page.get('space_key')} · version {page.get('version')}"
    return page


def _body(content: str, form: str, page: Mapping[str, Any], shown: Preview) -> None:
    if not page:
        shown.text("New text", content)
        return
    before = str(page.get("body", ""))
    if int(page.get("characters") or 0) > len(before):
        shown.notes.append("The page is so long that it is compared as far as it could be read.")
    shown.texts("Text", _in_lines(before, form), _in_lines(content, form))
    if form == "markdown" and page.get("markers"):
        shown.notes.append(
            "The page has parts that Markdown cannot carry, so this will be refused:"
            f" {in_words(page['markers'])}."
        )


def _check_version(given: Given, page: Mapping[str, Any], shown: Preview) -> None:
    expected = given.take("expected_version")
    if expected is None or not page:
        return
    if expected != page.get("version"):
        shown.notes.append(
            f"Somebody has changed the page: it has version {page.get('version')}, and this was"
            f" written for version {expected}, so it will be refused."
        )


def _in_lines(body: str, form: str) -> str:
    """Return a body in lines that can be compared, where its form has none of its own."""
    if form == "storage":
        return body.replace("><", ">\n<")
    if form == "adf":
        try:
            return json.dumps(json.loads(body), ensure_ascii=False, indent=1, sort_keys=True)
        except ValueError:
            return body
    return body


async def _below(reader: Reader, page_id: str) -> str:
    """Say how many pages are below one, and name the first; '' for none."""
    found = await reader.read(
        "confluence_page_tree",
        page_id=page_id,
        show="descendants",
        depth=_DEEPEST,
        limit=_MOST_BELOW,
    )
    pages = found.get("pages") or []
    if not pages:
        return ""
    titles = [in_words(one.get("title")) for one in pages[:5]]
    more = "…" if len(pages) > len(titles) else ""
    count = f"{len(pages)} or more" if found.get("cursor") else str(len(pages))
    return f"{count} page{'s' if len(pages) > 1 else ''}: {', '.join(titles)}{more}"


def _new_content(given: Given, shown: Preview) -> None:
    form = given.text("content_format") or "markdown"
    content = given.text("content")
    if form == "markdown":
        shown.text("Text", content)
    else:
        shown.fact(f"Text, as {form}", content)


def _excerpt(text: str) -> str:
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"

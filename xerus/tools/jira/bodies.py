"""Markdown to and from the documents of the deployment: ADF on Cloud, wiki markup elsewhere."""

import re
from typing import Any

from xerus.content.adf_to_markdown import adf_to_markdown
from xerus.content.document import Rendered
from xerus.content.markdown_to_adf import markdown_to_adf
from xerus.content.markdown_to_wiki import markdown_to_wiki
from xerus.content.wiki_to_markdown import wiki_to_markdown
from xerus.errors import InvalidInput
from xerus.tools.aside import QUICK_MARKDOWN, aside

_NO_NAME = re.compile(r"[^\w:.-]")
_MOST_NAMED = 20


class WouldLose(InvalidInput):
    """Replacing a text would drop what Markdown cannot carry."""

    code = "would_lose"


async def to_body(markdown: str, *, is_cloud: bool) -> Any:
    """Return what Jira stores for `markdown`."""
    convert = markdown_to_adf if is_cloud else markdown_to_wiki
    return await aside(lambda: convert(markdown), size=len(markdown), quick=QUICK_MARKDOWN)


def check_replaceable(body: Any, *, what: str, instead: str) -> None:
    """Refuse to replace a text of which Markdown shows only a part.

    Args:
        body: the present document, None for none.
        what: for example "The description".
        instead: what the caller can do.

    Raises:
        WouldLose: naming what would be lost.
    """
    # Names of macros are what somebody wrote; reduced to name characters they say nothing else.
    lossy = from_body(body, mention_ids=True).lossy[:_MOST_NAMED]
    if lossy:
        names = ", ".join(_NO_NAME.sub("", name)[:40] for name in lossy)
        raise WouldLose(
            f"{what} holds what Markdown cannot carry, and replacing it would lose it: {names}."
            " Nothing was changed.",
            hint=instead,
        )


def from_body(body: Any, *, mention_ids: bool = False) -> Rendered:
    """Return the Markdown of a description or comment as Jira gave it; empty for None.

    With `mention_ids` people keep their ids, so that the Markdown can be written back. One text that is beyond the converter's bounds does not take the rest of the issue with it.
    """
    try:
        if isinstance(body, dict):
            return adf_to_markdown(body, mention_ids=mention_ids)
        if not body:
            return Rendered(markdown="", lossy=())
        return wiki_to_markdown(str(body), mention_ids=mention_ids)
    except InvalidInput as error:
        return Rendered(markdown=f"[not shown: {error.message}]", lossy=("everything",))

"""Markdown to and from the documents of the deployment: ADF on Cloud, wiki markup elsewhere."""

from typing import Any

from xerus.content.adf_to_markdown import adf_to_markdown
from xerus.content.document import Rendered
from xerus.content.markdown_to_adf import markdown_to_adf
from xerus.content.markdown_to_wiki import markdown_to_wiki
from xerus.content.wiki_to_markdown import wiki_to_markdown
from xerus.errors import InvalidInput


def to_body(markdown: str, *, is_cloud: bool) -> Any:
    """Return what Jira stores for `markdown`."""
    return markdown_to_adf(markdown) if is_cloud else markdown_to_wiki(markdown)


def from_body(body: Any) -> Rendered:
    """Return the Markdown of a description or comment as Jira gave it; empty for None.

    One text that is beyond the converter's bounds does not take the rest of the issue with it.
    """
    try:
        if isinstance(body, dict):
            return adf_to_markdown(body)
        return wiki_to_markdown(str(body)) if body else Rendered(markdown="", lossy=())
    except InvalidInput as error:
        return Rendered(markdown=f"[not shown: {error.message}]", lossy=("everything",))

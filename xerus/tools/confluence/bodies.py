"""Markdown to and from the body of a page: ADF on Cloud, storage format on Data Center."""

from typing import Any

from xerus.content.adf_to_markdown import adf_to_markdown
from xerus.content.document import Rendered
from xerus.content.markdown_to_adf import markdown_to_adf
from xerus.content.markdown_to_storage import markdown_to_storage
from xerus.content.storage_to_markdown import storage_to_markdown


def to_body(markdown: str, *, is_cloud: bool) -> Any:
    """Return what Confluence stores for `markdown`."""
    return markdown_to_adf(markdown) if is_cloud else markdown_to_storage(markdown)


def from_body(body: Any) -> Rendered:
    """Return the Markdown of a page's body; empty for None."""
    if isinstance(body, dict):
        return adf_to_markdown(body)
    return storage_to_markdown(str(body)) if body else Rendered(markdown="", lossy=())

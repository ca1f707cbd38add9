"""Markdown to and from the body of a page: ADF on Cloud, storage format on Data Center."""

import re
from collections.abc import Iterable
from typing import Any

import orjson

from xerus.content.adf_to_markdown import adf_to_markdown
from xerus.content.document import Rendered
from xerus.content.markdown_to_adf import markdown_to_adf
from xerus.content.markdown_to_storage import markdown_to_storage
from xerus.content.storage_to_markdown import storage_to_markdown
from xerus.errors import InvalidInput
from xerus.tools.aside import QUICK_MARKDOWN, aside

_NO_NAME = re.compile(r"[^\w:.-]")


async def to_body(markdown: str, *, is_cloud: bool) -> Any:
    """Return what Confluence stores for `markdown`."""
    convert = markdown_to_adf if is_cloud else markdown_to_storage
    return await aside(lambda: convert(markdown), size=len(markdown), quick=QUICK_MARKDOWN)


def from_body(body: Any, *, mention_ids: bool = False) -> Rendered:
    """Return the Markdown of a page's body; empty for None.

    With `mention_ids` people keep their ids, so that the Markdown can be written back.
    """
    if isinstance(body, dict):
        return adf_to_markdown(body, mention_ids=mention_ids)
    if not body:
        return Rendered(markdown="", lossy=())
    return storage_to_markdown(str(body), mention_ids=mention_ids)


async def written(content: str, form: str, *, is_cloud: bool) -> Any:
    """Return what to store for the content of a call: parsed ADF, or storage format.

    Raises:
        InvalidInput: it is not in the form it claims, or the deployment has no such form.
    """
    match form:
        case "markdown":
            return await to_body(content, is_cloud=is_cloud)
        case "adf" if not is_cloud:
            raise InvalidInput("Data Center has no ADF.", hint='Use content_format="storage".')
        case "adf":
            return _adf(content)
        case _:
            return content


def kinds(lossy: Iterable[str]) -> str:
    """Return names of macros and nodes in words that can stand among ours: they come from a page."""
    return ", ".join(_NO_NAME.sub("", name)[:40] for name in lossy)


def _adf(content: str) -> Any:
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise InvalidInput("content: is not JSON.", hint="ADF is a JSON object.") from error
    if not isinstance(document, dict) or document.get("type") != "doc":
        raise InvalidInput("content: is not ADF.", hint='Its "type" has to be "doc".')
    return document

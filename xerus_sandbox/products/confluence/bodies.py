"""The representations of a page or comment text: kept as written, derived on reading.

Storage and ADF are kept byte for byte. Wiki markup becomes storage when it is written, as in
Confluence.
"""

from typing import Any, Literal

import orjson

from xerus_sandbox.products.documents import adf, from_adf, from_storage, storage, wiki
from xerus_sandbox.products.model import Json, PageComment, Version

Kept = Literal["storage", "atlas_doc_format"]

VIEWS = frozenset({"view", "export_view", "anonymous_export_view", "styled_view", "editor"})
ON_LISTS = frozenset({"storage", "atlas_doc_format"})
ON_SINGLE = ON_LISTS | VIEWS


class BodyError(ValueError):
    """The text is not valid in its representation; the message is safe to show."""


def accept(representation: Any, value: Any) -> tuple[Kept, str]:
    """Check a written text and return what to keep.

    Raises:
        BodyError: unknown representation, or a text that is not valid in it.
    """
    if not isinstance(value, str):
        raise BodyError("The body value must be a string")
    match representation:
        case "storage":
            return "storage", _storage(value)
        case "wiki":
            return "storage", wiki.to_storage(value)
        case "atlas_doc_format":
            return "atlas_doc_format", _adf(value)
        case _:
            raise BodyError(f"Unsupported body representation: {representation}")


def _storage(value: str) -> str:
    try:
        storage.parse(value)
    except storage.StorageError as problem:
        raise BodyError(f"Error parsing xhtml: {problem}") from problem
    return value


def _adf(value: str) -> str:
    try:
        adf.check(orjson.loads(value))
    except orjson.JSONDecodeError as problem:
        raise BodyError("The atlas_doc_format value must be a JSON string") from problem
    except adf.AdfError as problem:
        raise BodyError(f"Invalid Atlassian Document Format: {problem}") from problem
    return value


def as_storage(text: Version | PageComment) -> str:
    """Return a text in storage format."""
    if text.representation == "storage":
        return text.body
    return from_adf.to_storage(orjson.loads(text.body))


def as_adf(text: Version | PageComment) -> str:
    """Return a text as ADF, which the API carries as a JSON string."""
    if text.representation == "atlas_doc_format":
        return text.body
    return orjson.dumps(from_storage.to_adf(text.body)).decode()


def as_words(text: Version | PageComment) -> str:
    """Return a text's words, for searching and excerpts."""
    if text.representation == "storage":
        return from_storage.to_text(text.body)
    return " ".join(adf.plain_text(orjson.loads(text.body)).split())


def body(text: Version | PageComment, representation: str | None) -> Json:
    """Return the `body` member for a `body-format`; nothing is sent without one."""
    if representation is None:
        return {}
    if representation == "storage":
        value = as_storage(text)
    elif representation == "atlas_doc_format":
        value = as_adf(text)
    else:
        value = from_storage.to_view(as_storage(text))
    return {representation: {"representation": representation, "value": value}}

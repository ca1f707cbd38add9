"""Client ID Metadata Documents: a client is described at the https address that is its id.

Source: draft-ietf-oauth-client-id-metadata-document, sections 3 and 4.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from xerus.errors import InvalidInput
from xerus.oauth import scopes
from xerus.oauth.scopes import printable

_LONGEST = 200
_DOTS = re.compile(r"/(\.|%2e){1,2}(/|$)", re.IGNORECASE)
_MOST_REDIRECTS = 20


@dataclass(frozen=True, kw_only=True)
class Described:
    """What a document says of its client."""

    name: str
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str]


class DocumentRefused(InvalidInput):
    """The document cannot stand for a client; says why."""

    code = "client_document_refused"


def is_document_id(client_id: str) -> bool:
    """Tell whether a client id is the address of a document (section 3)."""
    if not client_id.startswith("https://") or len(client_id) > _LONGEST:
        return False
    try:
        parts = urlsplit(client_id)
    except ValueError:  # as of brackets around what is no address
        return False
    plain = client_id.isascii() and client_id.isprintable() and " " not in client_id
    whole = bool(parts.hostname) and len(parts.path) > 1 and not parts.username
    return plain and whole and not parts.fragment and "#" not in client_id and _clean(parts.path)


def read(client_id: str, body: bytes) -> Described:
    """Read the document of a client (section 4).

    Raises:
        DocumentRefused: it is no JSON object, names another client, or asks for what is not here.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise _refused("it is no JSON object")
    if document.get("client_id") != client_id:
        raise _refused("its client_id is not the address that it was read from")
    if document.get("token_endpoint_auth_method", "none") != "none":
        raise _refused("its token_endpoint_auth_method is not none")
    if "client_secret" in document:
        raise _refused("it holds a client_secret, which everybody could read")
    _check_member(document, "grant_types", "authorization_code")
    _check_member(document, "response_types", "code")
    return Described(
        name=_name(client_id, document),
        redirect_uris=_redirect_uris(document),
        scopes=_scopes(document),
    )


def _check_member(document: dict[str, Any], name: str, needed: str) -> None:
    values = document.get(name, [needed])
    if not isinstance(values, list) or needed not in values:
        raise _refused(f"its {name} leave out {needed}")


def _name(client_id: str, document: dict[str, Any]) -> str:
    name = document.get("client_name")
    if not isinstance(name, str):
        return urlsplit(client_id).hostname or client_id
    shown = "".join(char if char.isprintable() else " " for char in name).strip()[:100]
    return shown or (urlsplit(client_id).hostname or client_id)


def _redirect_uris(document: dict[str, Any]) -> tuple[str, ...]:
    found = document.get("redirect_uris")
    if not isinstance(found, list) or not 0 < len(found) <= _MOST_REDIRECTS:
        raise _refused("its redirect_uris are missing or too many")
    if not all(isinstance(one, str) for one in found):
        raise _refused("its redirect_uris are not texts")
    return tuple(found)


def _scopes(document: dict[str, Any]) -> frozenset[str]:
    asked = document.get("scope")
    known = frozenset(asked.split()) & scopes.ALL if isinstance(asked, str) else frozenset[str]()
    return known or scopes.ALL


def _clean(path: str) -> bool:
    return not _DOTS.search(path)


def _refused(why: str) -> DocumentRefused:
    return DocumentRefused(
        f"The document that describes this program cannot be used: {printable(why, 200)}.",
        hint="Tell the maker of the program, or register it by hand with an administrator.",
    )

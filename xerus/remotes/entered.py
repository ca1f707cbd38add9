"""What an administrator enters for a new server, and what can be wrong with it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import SecretStr

from xerus.egress.servers import ServerEgress
from xerus.errors import EgressRefused, InvalidInput
from xerus.remotes.probe import LONGEST_NAME, one_line

_SLUG = re.compile(r"[a-z0-9_]{1,16}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")  # RFC 9110 5.6.2
_KEY = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,4000}[\x21-\x7e])?")
_SCOPES = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,200}( [\x21\x23-\x5B\x5D-\x7E]{1,200}){0,49}")
TAKEN = frozenset({"jira", "confluence", "atlassian", "xerus"})
# What says who speaks or what is spoken is not a place for a key.
_NO_KEY = frozenset(
    {
        *("accept", "connection", "content-length", "content-type", "cookie", "host", "origin"),
        *("te", "transfer-encoding", "upgrade", "x-atlassian-access-token"),
        *("x-atlassian-cloud-id", "mcp-protocol-version", "mcp-session-id", "mcp-method"),
        "mcp-name",
    }
)
BAD_KEY = "The key is missing, or has characters that no header may have."


class Way(StrEnum):
    """How an administrator lets Xerus prove itself to a server."""

    NOTHING = "nothing"
    SHARED_KEY = "shared_key"
    OWN_KEYS = "own_keys"
    SIGN_IN = "sign_in"
    """People sign in; Xerus registers itself (RFC 7591)."""
    SIGN_IN_AS_CLIENT = "sign_in_as_client"
    """People sign in; Xerus is a client that the server's operator registered."""


@dataclass(frozen=True, kw_only=True)
class NewServer:
    """What an administrator entered; `scopes` in one line, '' for what the server asks for."""

    url: str
    name: str
    slug: str
    way: Way
    key_header: str = "Authorization"
    key: SecretStr = field(default=SecretStr(""), repr=False)
    client_id: str = ""
    client_secret: SecretStr = field(default=SecretStr(""), repr=False)
    scopes: str = ""

    @property
    def with_key(self) -> bool:
        """Whether calls carry a key."""
        return self.way in {Way.SHARED_KEY, Way.OWN_KEYS}

    @property
    def with_sign_in(self) -> bool:
        """Whether people sign in at the server's authorization server."""
        return self.way in {Way.SIGN_IN, Way.SIGN_IN_AS_CLIENT}


class CannotBeAdded(InvalidInput):
    """What somebody entered makes no server; `mistakes` are all of them, in words."""

    code = "server_refused"

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__(" ".join(mistakes), hint="Correct it and send it again.")
        self.mistakes = tuple(mistakes)


def is_key(key: SecretStr) -> bool:
    """Whether a text can be the value of a header."""
    return _KEY.fullmatch(key.get_secret_value()) is not None


def mistakes_of(new: NewServer, egress: ServerEgress) -> Iterator[str]:
    """Yield in words what is wrong with what was entered."""
    try:
        egress.place(new.url)
    except EgressRefused as error:
        yield f"{error.message} {error.hint}".strip()
    if not one_line(new.name):
        yield f"The name is missing; it has up to {LONGEST_NAME} characters."
    if not _SLUG.fullmatch(new.slug):
        yield "The short name has 1 to 16 of a to z, 0 to 9 and _."
    elif new.slug in TAKEN:
        yield f"The short name {new.slug} is one of Xerus's own."
    if new.with_key:
        yield from _of_key(new)
    if new.with_sign_in:
        yield from _of_client(new)


def _of_key(new: NewServer) -> Iterator[str]:
    if not _HEADER.fullmatch(new.key_header):
        yield "The header that carries the key has a name that no header has."
    elif new.key_header.lower() in _NO_KEY:
        yield f"The header {new.key_header} is used for something else."
    if new.way is Way.SHARED_KEY and not is_key(new.key):
        yield BAD_KEY


def _of_client(new: NewServer) -> Iterator[str]:
    if new.scopes and not _SCOPES.fullmatch(new.scopes):
        yield "The scopes are words with one space between them."
    if new.way is Way.SIGN_IN_AS_CLIENT and not _KEY.fullmatch(new.client_id):
        yield "The client id is missing, or has characters that none has."
    if new.client_secret.get_secret_value() and not is_key(new.client_secret):
        yield "The client secret has characters that none has."

"""The file in which the operator lists clients: read whole, and every mistake in it named.

Members are those of RFC 7591 2, with the ways to give a secret beside them.
"""

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import orjson

from xerus.grants.clients import AUTH_METHODS, CHAT_CLIENT_ID, AuthMethod, Metadata
from xerus.ids import ClientId, secret_hash
from xerus.oauth import client_name, scopes
from xerus.oauth.errors import OAuthError
from xerus.oauth.redirect_uri import RedirectPolicy
from xerus.oauth.scopes import printable
from xerus.settings.problems import Problem, SettingsError

SETTING = "XERUS_OAUTH_CLIENTS_FILE"

_SECRETS = ("client_secret", "client_secret_hash", "client_secret_file")
_MEMBERS = (
    *("client_id", "client_name", "redirect_uris", "token_endpoint_auth_method", "scopes"),
    *_SECRETS,
)
_MOST_BYTES = 1024 * 1024
# What needs no escaping in an address, a form or an Authorization header.
_ID = re.compile(r"[A-Za-z0-9._~-]{1,200}")
_HASH = re.compile(r"[0-9a-fA-F]{64}")
# Only a hash is kept, and a plain one: it hides what nobody can guess, nothing shorter.
_SECRET = re.compile(r"[!-~]{32,1000}")
_MAKE_ONE = "Make one with: openssl rand -hex 32"

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Listed(Metadata):
    """One client of the file; `place` counts from 1."""

    id: ClientId
    place: int
    secret_hash: bytes | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ClientFile:
    """What the file lists."""

    path: Path
    clients: tuple[Listed, ...]

    def problem(self, listed: Listed, what: str, remedy: str) -> Problem:
        """Return what is wrong with the id of one of its clients."""
        return _problem(self.path, _where(listed.place, listed.id), "client_id", what, remedy)


class _Wrong(Exception):
    def __init__(self, member: str, what: str, remedy: str) -> None:
        super().__init__(what)
        self.member = member
        self.what = what
        self.remedy = remedy


def read(path: Path, policy: RedirectPolicy) -> ClientFile:
    """Read the file.

    Raises:
        SettingsError: something in it is wrong; all of it is named.
    """
    found, problems = examine(path, policy)
    if problems:
        raise SettingsError(problems)
    return found


def examine(path: Path, policy: RedirectPolicy) -> tuple[ClientFile, list[Problem]]:
    """Read the file and name every mistake, by the entry and its member and never by a secret."""
    try:
        entries = _entries(path)
    except _Wrong as wrong:
        return ClientFile(path=path, clients=()), [
            _problem(path, "", wrong.member, wrong.what, wrong.remedy)
        ]
    clients: list[Listed] = []
    problems: list[Problem] = []
    for place, entry in enumerate(entries, 1):
        reader = _Reader(entry, place=place, folder=path.parent, policy=policy)
        clients.append(reader.read())
        where = _where(place, entry.get("client_id"))
        problems += [_problem(path, where, w.member, w.what, w.remedy) for w in reader.wrong]
    found = ClientFile(path=path, clients=tuple(clients))
    return found, [*problems, *_twice(found)]


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _Wrong(
            "", "cannot be read", "Give the path of a file that Xerus may read."
        ) from error
    if len(content) > _MOST_BYTES:
        raise _Wrong("", "is larger than 1 MiB", "Give the path of the list of clients.")
    try:
        entries = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise _Wrong(
            "",
            f"is not valid JSON at line {error.lineno}, column {error.colno}",
            "Correct it there.",
        ) from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _Wrong(
            "", "is not a list of objects", 'Write [{"client_id": "...", ...}], or [] for none.'
        )
    return entries


class _Reader:
    """Reads one entry; `wrong` gathers what cannot be used."""

    def __init__(
        self, entry: dict[str, Any], *, place: int, folder: Path, policy: RedirectPolicy
    ) -> None:
        self._entry = entry
        self._place = place
        self._folder = folder
        self._policy = policy
        self.wrong: list[_Wrong] = []

    def read(self) -> Listed:
        """Return the client; of no use where something is wrong."""
        self.wrong += _unknown(self._entry)
        method = self._tried(self._method, None)
        hashed = None if method is None else self._tried(partial(self._secret_hash, method), None)
        return Listed(
            id=ClientId(self._tried(self._id, "")),
            place=self._place,
            name=self._tried(self._name, ""),
            auth_method=method or "none",
            redirect_uris=self._tried(self._redirect_uris, ()),
            scopes=self._tried(self._scopes, scopes.ALL),
            secret_hash=hashed,
        )

    def _tried(self, reading: Callable[[], T], otherwise: T) -> T:
        try:
            return reading()
        except _Wrong as wrong:
            self.wrong.append(wrong)
            return otherwise

    def _id(self) -> str:
        found = self._entry.get("client_id")
        if not isinstance(found, str) or not _ID.fullmatch(found):
            raise _Wrong(
                "client_id",
                "is missing" if found is None else "is not an id that every client can send",
                "Use 1 to 200 letters, digits and . _ ~ -",
            )
        if found == CHAT_CLIENT_ID:
            raise _Wrong("client_id", "is the id of the built-in chat", "Choose another one.")
        return found

    def _name(self) -> str:
        found = self._entry.get("client_name")
        if not client_name.is_clean(found):
            raise _Wrong(
                "client_name",
                "is missing" if found is None else "does not fit on the consent page",
                f"Use one line of 1 to {client_name.LONGEST} characters that can be seen.",
            )
        return str(found)

    def _method(self) -> AuthMethod | None:
        # RFC 7591 2: client_secret_basic where it is left out.
        found = self._entry.get("token_endpoint_auth_method", "client_secret_basic")
        for known in AUTH_METHODS:
            if known == found:
                return known
        raise _Wrong(
            "token_endpoint_auth_method",
            "is not one that Xerus knows",
            f"Use one of {', '.join(AUTH_METHODS)}.",
        )

    def _redirect_uris(self) -> tuple[str, ...]:
        found = self._entry.get("redirect_uris")
        if not isinstance(found, list) or not found or not all(isinstance(u, str) for u in found):
            raise _Wrong(
                "redirect_uris",
                "is missing" if found is None else "is not a list of addresses",
                "List at least one address to which this client's answers go.",
            )
        for uri in found:
            try:
                self._policy.check(uri)
            except OAuthError as error:
                raise _Wrong(
                    "redirect_uris", f"holds {error.description}", "Correct or remove this address."
                ) from error
        return tuple(dict.fromkeys(found))

    def _scopes(self) -> frozenset[str]:
        found = self._entry.get("scopes", list(scopes.ALL))
        known = ", ".join(scopes.ALL_IN_ORDER)
        if not isinstance(found, list) or not found or not scopes.ALL.issuperset(map(str, found)):
            raise _Wrong(
                "scopes", "is not a list of known scopes", f"Use some of {known}, or leave it out."
            )
        return frozenset(found)

    def _secret_hash(self, method: AuthMethod) -> bytes | None:
        given = [name for name in _SECRETS if name in self._entry]
        if method == "none":
            if given:
                raise _Wrong(
                    given[0],
                    "is there, but a client that authenticates by `none` has no secret",
                    "Remove it, or set token_endpoint_auth_method to client_secret_basic or "
                    "client_secret_post.",
                )
            return None
        if len(given) != 1:
            raise _Wrong(
                given[1] if given else "client_secret",
                f"is there beside {given[0]}" if given else "is missing",
                f"Give one of {', '.join(_SECRETS)}; for a client without a secret set "
                "token_endpoint_auth_method to none.",
            )
        return self._hash_from(given[0], self._entry[given[0]])

    def _hash_from(self, member: str, given: object) -> bytes:
        if member == "client_secret_hash":
            if not isinstance(given, str) or not _HASH.fullmatch(given):
                raise _Wrong(
                    member,
                    "is not 64 hexadecimal digits",
                    "Give the SHA-256 of the secret: printf %s SECRET | sha256sum",
                )
            return bytes.fromhex(given)
        secret = self._from_file(given) if member == "client_secret_file" else given
        if not isinstance(secret, str) or not _SECRET.fullmatch(secret):
            raise _Wrong(
                member,
                "does not give at least 32 visible ASCII characters",
                f"Use a random secret. {_MAKE_ONE}",
            )
        return secret_hash(secret)

    def _from_file(self, given: object) -> str:
        try:
            return (self._folder / str(given)).read_text().strip()
        except (OSError, ValueError) as error:
            raise _Wrong(
                "client_secret_file",
                "names a file that cannot be read",
                "Give the path of a readable text file that holds nothing but the secret; it "
                "begins at the folder of the list.",
            ) from error


def _unknown(entry: dict[str, Any]) -> Iterator[_Wrong]:
    for name in entry:
        if name not in _MEMBERS:
            near = difflib.get_close_matches(name, _MEMBERS, n=1, cutoff=0.0)[0]
            yield _Wrong(
                printable(name), "is not known", f"Did you mean {near}? Otherwise remove it."
            )


def _twice(found: ClientFile) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for client in found.clients:
        if client.id and client.id in first:
            what = f"is that of entry {first[client.id]} too"
            yield found.problem(client, what, "Give each client an id of its own.")
        first.setdefault(client.id, client.place)


def _where(place: int, client_id: object) -> str:
    named = f' ("{printable(client_id)}")' if isinstance(client_id, str) else ""
    return f", entry {place}{named}"


def _problem(path: Path, where: str, member: str, what: str, remedy: str) -> Problem:
    subject = f": {member} {what}" if member else f", which {what}"
    return Problem(
        variable=SETTING, message=f"names {path}{where}{subject}".rstrip("."), remedy=remedy
    )

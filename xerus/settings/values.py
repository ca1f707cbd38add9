"""The kinds of values that settings have: how each is read, and what is refused with the remedy."""

import re
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    SecretStr,
)

from xerus.settings import key_providers, toolsets
from xerus.settings.key_providers import ProviderName
from xerus.settings.toolsets import Choice

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


def _split(value: object) -> object:
    """Split a setting that lists values at commas or white space."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def http_url(value: str) -> str:
    """Return a URL of https, or of http on this machine, without a slash at its end.

    Raises:
        ValueError: it is none.
    """
    url = _any_http_url(value)
    if urlsplit(url).scheme == "http" and urlsplit(url).hostname not in LOOPBACK_HOSTS:
        raise ValueError("must use https: plain http is only for localhost")
    return url


def _any_http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http or https URL")
    if parts.username or parts.query or parts.fragment:
        raise ValueError("must not carry a user name, a query or a fragment")
    return value.rstrip("/")


def _choices(value: object) -> object:
    return toolsets.chosen(value.replace(",", " ").split()) if isinstance(value, str) else value


def _keys(value: object) -> object:
    """Read keys of projects or spaces; they go into queries, so nothing else may come."""
    keys = _split(value)
    assert isinstance(keys, tuple)
    if not keys or not all(_KEY.fullmatch(key) for key in keys):
        raise ValueError("must be keys, separated by commas")
    return keys


_KEY = re.compile(r"~?[A-Za-z0-9._:-]{1,255}")


def _base_url(value: str) -> str:
    url = http_url(value)
    if urlsplit(url).path:
        raise ValueError("must not carry a path: Xerus answers at the root of its host")
    return url


def _addresses(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        try:
            ip_network(value, strict=False)
        except ValueError:
            raise ValueError("must list addresses or networks, as 10.0.0.5 or 10.0.0.0/8") from None
    return values


def _postgres_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("must be a URL of PostgreSQL: postgresql://LOGIN:PASSWORD@HOST/DATABASE")
    return value


def _private_addresses(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not _PRIVATE_ADDRESS.fullmatch(value) or value.partition(":")[0] in _NOT_PRIVATE:
            raise ValueError("must list whole addresses with an app's scheme: scheme://host/path")
    return values


_PRIVATE_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[a-z0-9][!-\"$-\[\]-~]*")
# Schemes that a browser itself opens: an answer sent there reaches no app.
_NOT_PRIVATE = frozenset(
    {"http", "https", "javascript", "data", "file", "ftp", "blob", "about", "ws", "wss"}
)


def _contact(value: str) -> str:
    """Return an e-mail address, or the URL of a help desk, whose path may say which form.

    Raises:
        ValueError: it is neither.
    """
    if _E_MAIL.fullmatch(value):
        return value
    parts = urlsplit(value)
    if parts.scheme == "https" and parts.hostname and not parts.username and value.isprintable():
        return value
    raise ValueError("must be an e-mail address or an https URL")


def _mail_address(value: str) -> str:
    if not _E_MAIL.fullmatch(value):
        raise ValueError("must be a plain e-mail address")
    return value


# Enough to tell an address from a mistake; nothing in it ends a header or a link.
_E_MAIL = re.compile(
    r"[A-Za-z0-9.!#$*/=?^_`{|}~+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*"
)
_HOST = re.compile(r"([a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?|\[[0-9a-f:]+\])(:[0-9]{1,5})?")


def _hosts(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not _HOST.fullmatch(value):
            raise ValueError("must list hosts, as mcp-atlassian or 10.0.0.5:9000, without a scheme")
    return values


MailAddress = Annotated[str, AfterValidator(_mail_address)]
HttpUrl = Annotated[str, BeforeValidator(http_url)]
Contact = Annotated[str, AfterValidator(_contact)]
KeyProviderName = Annotated[ProviderName, BeforeValidator(key_providers.named)]
ModelUrl = Annotated[str, BeforeValidator(_any_http_url)]
BaseUrl = Annotated[str, BeforeValidator(_base_url)]
PostgresUrl = Annotated[SecretStr, AfterValidator(_postgres_url)]
Words = Annotated[tuple[str, ...], BeforeValidator(_split)]
Keys = Annotated[tuple[str, ...], BeforeValidator(_keys)]
Choices = Annotated[frozenset[Choice], BeforeValidator(_choices)]
Addresses = Annotated[Words, AfterValidator(_addresses)]
Hosts = Annotated[Words, AfterValidator(_hosts)]
PrivateAddresses = Annotated[Words, AfterValidator(_private_addresses)]

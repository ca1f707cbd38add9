"""Variables of mcp-atlassian 0.23.1, so that `xerus mcp` starts with its configuration as it is.

Those that Xerus has under the same name need nothing. The rest is mapped to a setting of Xerus, or
named as without effect; none of them keeps the server from starting.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from xerus.settings import toolsets

_PRODUCTS = ("JIRA", "CONFLUENCE")
_YES = frozenset({"true", "1", "yes", "y", "on", "t"})
_CLOUD_HOSTS = (".atlassian.net", ".jira.com", ".atlassian-us-gov-mod.net")

_NOT_OVER_STDIO = "there is one way in: standard input and output"
_OWN_WAY = "Xerus limits, retries and pages by rules of its own"
_SIGN_IN = (
    "people connect by OAuth on the Tools page of `xerus serve`; here an API token or PAT works"
)
_WITHOUT_EFFECT = {
    **dict.fromkeys(("TRANSPORT", "STATELESS", "STREAMABLE_HTTP_PATH"), _NOT_OVER_STDIO),
    **dict.fromkeys(("PUBLIC_BASE_URL", "MCP_ALLOWED_URL_DOMAINS"), _NOT_OVER_STDIO),
    **dict.fromkeys(("ALLOW_GLOBAL_CRED_FALLBACK", "IGNORE_HEADER_AUTH"), _NOT_OVER_STDIO),
    "MCP_LOGGING_STDOUT": "standard output carries the protocol; the log goes to standard error",
    "MCP_ATLASSIAN_USE_SYSTEM_TRUSTSTORE": "set SSL_CERT_FILE to trust a CA of your own",
    "DISABLE_JIRA_MARKUP_TRANSLATION": "text is always Markdown",
    "JIRA_FETCHER_MAX_WORKERS": _OWN_WAY,
    "JIRA_INTERNAL_ONLY_PROJECTS": "each reply to a request says itself whether it is internal",
}
_WITHOUT_EFFECT_BY_START = {
    "ATLASSIAN_OAUTH_": _SIGN_IN,
    "ATLASSIAN_EXTERNAL_AUTH_": _SIGN_IN,
    "ATLASSIAN_PROXY_": "proxies are not supported",
    "ATLASSIAN_": _OWN_WAY,
    "JIRA_SLA_": "there is no such tool",
    "MCP_ATLASSIAN_": _OWN_WAY,
}
_WITHOUT_EFFECT_BY_END = {
    "_OAUTH_ACCESS_TOKEN": _SIGN_IN,
    "_OAUTH_CLIENT_ID": _SIGN_IN,
    "_OAUTH_CLIENT_SECRET": _SIGN_IN,
    "_OAUTH_REDIRECT_URI": _SIGN_IN,
    "_OAUTH_SCOPE": _SIGN_IN,
    "_SSL_VERIFY": "certificates are always checked; SSL_CERT_FILE names a CA of your own",
    "_CLIENT_CERT": "client certificates are not supported",
    "_CLIENT_KEY": "client certificates are not supported",
    "_CLIENT_KEY_PASSWORD": "client certificates are not supported",
    "_CUSTOM_HEADERS": "headers of your own are not sent",
    "_PASSTHROUGH_HEADERS": "headers of your own are not sent",
    "_HTTP_PROXY": "proxies are not supported",
    "_HTTPS_PROXY": "proxies are not supported",
    "_SOCKS_PROXY": "proxies are not supported",
    "_NO_PROXY": "proxies are not supported",
    "_PROXY_WPAD_ENABLE": "proxies are not supported",
    "_PROXY_WPAD_URL": "proxies are not supported",
    "_TIMEOUT": _OWN_WAY,
}
_SERVE_ONLY = ("ENTRA_ID_", "OAUTH_DCR_", "ATLASSIAN_OAUTH_")
"""Settings of `xerus serve`: wrong or half of them, they do not keep `xerus mcp` from starting."""


@dataclass(frozen=True, kw_only=True)
class Adapted:
    """An environment for `xerus mcp`, and what was done to it: no value is ever named."""

    env: dict[str, str]
    notes: tuple[str, ...]


def adapted(env: Mapping[str, str]) -> Adapted:
    """Return the environment in terms of Xerus."""
    given = {name: value.strip() for name, value in env.items() if value.strip()}
    notes = [f"{name} has no effect: {why}" for name, why in _without_effect(given)]
    kept = {name: value for name, value in given.items() if not name.startswith(_SERVE_ONLY)}
    for verbose, level in (("MCP_VERBOSE", "info"), ("MCP_VERY_VERBOSE", "debug")):
        if given.get(verbose, "").lower() in _YES:
            kept.setdefault("XERUS_LOG_LEVEL", level)
    if "MCP_VERBOSE" not in given and "MCP_VERY_VERBOSE" not in given:
        kept.setdefault("XERUS_LOG_LEVEL", "warning")
    notes += _without_unknown_toolsets(kept)
    for product in _PRODUCTS:
        notes += _settle(kept, product)
    return Adapted(env=kept, notes=tuple(notes))


def _without_effect(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in sorted(given.keys() - _OURS):
        why = _why(name)
        if why and not _harmless(name, given[name]):
            yield name, why


def _why(name: str) -> str:
    if name in _WITHOUT_EFFECT:
        return _WITHOUT_EFFECT[name]
    if not name.startswith((*_PRODUCTS, "ATLASSIAN_", "MCP_ATLASSIAN_")):
        return ""
    found = [why for end, why in _WITHOUT_EFFECT_BY_END.items() if name.endswith(end)]
    found += [why for start, why in _WITHOUT_EFFECT_BY_START.items() if name.startswith(start)]
    return found[0] if found else ""


_OURS = frozenset({"ATLASSIAN_AUTH_URL", "ATLASSIAN_API_URL"})


def _harmless(name: str, value: str) -> bool:
    """Whether what the variable asks for is what happens anyway."""
    return name.endswith("_SSL_VERIFY") and value.lower() in _YES


def _without_unknown_toolsets(env: dict[str, str]) -> Iterator[str]:
    """Leave out names that choose nothing, as that server did; none left is none switched on."""
    names = env.get("TOOLSETS", "").replace(",", " ").split()
    unknown = [name for name in names if name.lower() not in toolsets.NAMES]
    if unknown:
        env["TOOLSETS"] = ",".join(name for name in names if name not in unknown) or ","
        yield f"{len(unknown)} of the names in TOOLSETS has no effect: there is no such toolset"


def _settle(env: dict[str, str], product: str) -> Iterator[str]:
    """Take of two different tokens the one that suits the server, and no product without one."""
    url, api, pat = (f"{product}_{part}" for part in ("URL", "API_TOKEN", "PERSONAL_TOKEN"))
    if url in env and api in env and pat in env and env[api] != env[pat]:
        host = urlsplit(env[url]).hostname or ""
        unused = pat if host.endswith(_CLOUD_HOSTS) else api
        del env[unused]
        yield f"{unused} has no effect: the other token suits {url}"
    files = (f"{api}_FILE", f"{pat}_FILE")
    if url in env and not env.keys() & {api, pat, *files}:
        del env[url]
        yield f"{url} has no effect: there is no {api} or {pat} for it"
    elif url not in env and (tokens := sorted(env.keys() & {api, pat, *files})):
        for token in tokens:
            del env[token]
        yield f"{' and '.join(tokens)} has no effect: {url} is missing"

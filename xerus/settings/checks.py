"""Contradictions between settings, each with its remedy."""

import re
from collections.abc import Container, Iterator, Mapping
from urllib.parse import urlsplit

from xerus.settings import key_providers, models, readiness
from xerus.settings.groups import (
    AssistantSettings,
    ConfluenceSettings,
    JiraSettings,
    KeyServiceSettings,
    MailSettings,
    Settings,
    names_of,
)
from xerus.settings.model_prices import price_problems
from xerus.settings.problems import Problem
from xerus.settings.values import LOOPBACK_HOSTS, http_url


def contradictions(settings: Settings, wrong: Container[str] = ()) -> Iterator[Problem]:
    """Yield what no single setting shows; a variable in `wrong` was named already."""
    for problem in (
        *_identity_problems(settings),
        *_atlassian_problems(settings),
        *_shared_problems(settings),
        *_other_problems(settings),
    ):
        if problem.variable not in wrong:
            yield problem


def _together(group: Mapping[str, object], why: str) -> Iterator[Problem]:
    if any(group.values()):
        for name, value in group.items():
            if not value:
                yield Problem(
                    variable=name, message=f"is missing, but {why}", remedy=f"Set {name}."
                )


def _redirect(variable: str, given: str | None, expected: str) -> Iterator[Problem]:
    if given and given != expected:
        yield Problem(
            variable=variable,
            message="does not lead back to this server",
            remedy=f"Set it to {expected}, or correct XERUS_PUBLIC_URL.",
        )


def _identity_problems(settings: Settings) -> Iterator[Problem]:
    identity = settings.identity
    yield from _together(
        readiness.sign_in_settings(settings),
        "other settings of the app registration are there",
    )
    if identity.client_secret and identity.client_certificate:
        yield Problem(
            variable="ENTRA_ID_CLIENT_CERTIFICATE",
            message="is set beside ENTRA_ID_CLIENT_SECRET",
            remedy="Keep one of the two.",
        )
    if identity.machine_role and settings.credential_mode == "user":
        yield Problem(
            variable="XERUS_MACHINE_ROLE",
            message="is set, but no shared credential is, and an application has no account to connect",
            remedy="Set JIRA_URL and JIRA_PERSONAL_TOKEN (the same with CONFLUENCE_) and "
            "XERUS_ATLASSIAN_CREDENTIALS to `shared` or `user-then-shared`, or unset it.",
        )
    if identity.expected_issuer and "{" in identity.expected_issuer:
        yield Problem(
            variable="ENTRA_ID_EXPECTED_ISSUER",
            message="still holds a placeholder",
            remedy="Replace the braces and what is in them by the tenant id from the Entra portal.",
        )
    elif identity.expected_issuer:
        yield from _issuer_problems(identity.expected_issuer, identity.allowed_tenants)
    yield from _redirect(
        "OAUTH_DCR_REDIRECT_URI",
        identity.given_redirect_uri,
        f"{settings.public_url}/oauth/callback",
    )


def _issuer_problems(issuer: str, tenants: tuple[str, ...]) -> Iterator[Problem]:
    parts = urlsplit(issuer)
    words = set(parts.path.split("/"))
    if "consumers" in words or (words & _SHARED_BY_TENANTS and not tenants):
        yield Problem(
            variable="ENTRA_ID_EXPECTED_ISSUER",
            message="names no tenant, so nobody's sign-in could be checked against it",
            remedy="Put the tenant id from the Entra portal in place of the word. For people of "
            "several tenants keep `organizations` and list the tenant ids in "
            "ENTRA_ID_ALLOWED_TENANTS.",
        )
    elif tenants and not words & _SHARED_BY_TENANTS:
        yield Problem(
            variable="ENTRA_ID_ALLOWED_TENANTS",
            message="is set, but ENTRA_ID_EXPECTED_ISSUER names one tenant, which alone counts",
            remedy="Remove it, or put `organizations` in place of the tenant id in "
            "ENTRA_ID_EXPECTED_ISSUER.",
        )
    if not all(_TENANT_ID.fullmatch(tenant) for tenant in tenants):
        yield Problem(
            variable="ENTRA_ID_ALLOWED_TENANTS",
            message="holds what is no tenant id",
            remedy="List directory (tenant) ids of the form 00000000-0000-0000-0000-000000000000.",
        )
    if parts.hostname in _VERSION_ONE_HOSTS or (
        parts.hostname in _ENTRA_HOSTS and not parts.path.endswith("/v2.0")
    ):
        yield Problem(
            variable="ENTRA_ID_EXPECTED_ISSUER",
            message="is the issuer of version 1 tokens",
            remedy="Use https://login.microsoftonline.com/TENANT-ID/v2.0, and set "
            "api.requestedAccessTokenVersion to 2 in the manifest of the app registration.",
        )


_SHARED_BY_TENANTS = {"common", "organizations"}
_TENANT_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_VERSION_ONE_HOSTS = {"sts.windows.net", "sts.chinacloudapi.cn"}
_ENTRA_HOSTS = {
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
}


def _atlassian_problems(settings: Settings) -> Iterator[Problem]:
    yield from _together(
        readiness.app_settings(settings),
        "the other half of the Atlassian app is there",
    )
    yield from _redirect(
        "ATLASSIAN_OAUTH_REDIRECT_URI",
        settings.atlassian.given_redirect_uri,
        f"{settings.public_url}/connections/atlassian/callback",
    )


def _shared_problems(settings: Settings) -> Iterator[Problem]:
    for product, group in (("JIRA", settings.jira), ("CONFLUENCE", settings.confluence)):
        linked = group.oauth_client_id or group.oauth_client_secret
        if group.token or not linked:
            yield from _together(
                {f"{product}_URL": group.url, f"{product}_PERSONAL_TOKEN": group.token},
                "a token serves only together with the address it is for",
            )
        if linked:
            yield from _link_problems(product, group)
    wants_shared = settings.atlassian.credentials in {"shared", "user-then-shared"}
    if wants_shared and not settings.shared_credential:
        yield Problem(
            variable="XERUS_ATLASSIAN_CREDENTIALS",
            message="asks for a shared credential, but none is set",
            remedy="Set JIRA_URL and JIRA_PERSONAL_TOKEN (the same with CONFLUENCE_), or use `user`.",
        )


def _link_problems(product: str, group: JiraSettings | ConfluenceSettings) -> Iterator[Problem]:
    yield from _together(
        {
            f"{product}_URL": group.url,
            f"{product}_OAUTH_CLIENT_ID": group.oauth_client_id,
            f"{product}_OAUTH_CLIENT_SECRET": group.oauth_client_secret,
        },
        "the rest of the application link is there",
    )
    host = urlsplit(group.url or "").hostname or ""
    if host.endswith((".atlassian.net", ".jira.com")):
        yield Problem(
            variable=f"{product}_OAUTH_CLIENT_ID",
            message=f"is for Data Center, but {product}_URL is a site of Atlassian Cloud",
            remedy="For Cloud set ATLASSIAN_OAUTH_CLIENT_ID and ATLASSIAN_OAUTH_CLIENT_SECRET, and "
            f"remove {product}_OAUTH_CLIENT_ID and {product}_OAUTH_CLIENT_SECRET.",
        )


def _other_problems(settings: Settings) -> Iterator[Problem]:
    if settings.database.direct_url and not settings.database.url:
        yield Problem(
            variable="XERUS_DATABASE_DIRECT_URL",
            message="is set without XERUS_DATABASE_URL",
            remedy="Set XERUS_DATABASE_URL too, or remove it to use the embedded database.",
        )
    yield from _key_provider_problems(settings)
    yield from _together(
        readiness.mail_settings(settings),
        "mail is sent only with both a server and an address that it comes from",
    )
    yield from _mail_problems(settings.mail)
    yield from _model_problems(settings.assistant)


def _key_provider_problems(settings: Settings) -> Iterator[Problem]:
    now, before = settings.vault.key_provider, settings.vault.key_provider_before
    services = settings.key_services
    given = {
        names_of(detail)[0]: getattr(services, field)
        for field, detail in KeyServiceSettings.model_fields.items()
    }
    for kind in sorted({now.kind, *([before.kind] if before else [])}):
        yield from key_providers.lacking(kind, given)
        for variable in key_providers.ADDRESSES[kind]:
            if given[variable]:
                yield from _address_problem(variable, given[variable])
    if before and str(before) == str(now):
        yield Problem(
            variable="XERUS_KEY_PROVIDER_BEFORE",
            message="names the same key as XERUS_KEY_PROVIDER",
            remedy="Set it to the key that the database was sealed with until now, or unset it.",
        )


def _mail_problems(mail: MailSettings) -> Iterator[Problem]:
    yield from _together(
        {"XERUS_SMTP_USERNAME": mail.username, "XERUS_SMTP_PASSWORD": mail.password},
        "the other half of the login at the mail server is there",
    )
    if mail.tls == "none" and mail.host and mail.host not in LOOPBACK_HOSTS:
        yield Problem(
            variable="XERUS_SMTP_TLS",
            message="is `none`, but XERUS_SMTP_HOST is not this machine",
            remedy="Use `starttls` or `smtps`: mail and its login would cross the network in the "
            "clear.",
        )


def _address_problem(variable: str, address: str) -> Iterator[Problem]:
    try:
        http_url(address)
    except ValueError as error:
        yield Problem(variable=variable, message=str(error), remedy="Correct it.")


def _model_problems(assistant: AssistantSettings) -> Iterator[Problem]:
    urls = {
        "XERUS_ANTHROPIC_URL": assistant.anthropic_url,
        "XERUS_OPENAI_URL": assistant.openai_url,
        "XERUS_MODEL_URL": assistant.compatible_url,
    }
    given = {
        "ANTHROPIC_API_KEY": assistant.anthropic_api_key,
        "OPENAI_API_KEY": assistant.openai_api_key,
        "XERUS_MODEL_URL": assistant.compatible_url,
    }
    yield from models.problems(assistant.model, assistant.models, given)
    try:
        models.windows(assistant.windows)
    except ValueError as error:
        yield Problem(
            variable="XERUS_MODEL_WINDOWS",
            message=f"has {str(error)!r}, which names no model and number of tokens",
            remedy="Use PROVIDER:NAME=TOKENS, 4096 at least, as compatible:qwen3=32768.",
        )
    yield from price_problems(assistant.prices, models.chosen(assistant.model, assistant.models))
    for variable, url in urls.items():
        if models.plain_http(url, LOOPBACK_HOSTS) and not assistant.plain_http:
            yield Problem(
                variable=variable,
                message="must use https: plain http would show keys and conversations to the network",
                remedy="Use https, or set XERUS_MODEL_PLAIN_HTTP=true if that network is yours alone.",
            )

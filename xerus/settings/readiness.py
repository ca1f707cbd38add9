"""What an operator sets, one after the other, before people can work: which of it is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from xerus.settings.groups import Settings
from xerus.settings.models import chosen

Subject = Literal["address", "sign_in", "administrators", "atlassian", "model", "mail", "support"]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One thing to set up: names of its settings and whether each is there, never a value."""

    subject: Subject
    settings: Mapping[str, bool]
    is_needed: bool = True

    @property
    def is_set(self) -> bool:
        """Whether nothing of it is missing."""
        return all(self.settings.values())

    @property
    def missing(self) -> tuple[str, ...]:
        """What is missing."""
        return tuple(name for name, there in self.settings.items() if not there)


def sign_in_settings(settings: Settings) -> Mapping[str, object]:
    """Return what belongs together for sign-in at the identity provider."""
    identity = settings.identity
    return {
        "ENTRA_ID_EXPECTED_ISSUER": identity.expected_issuer,
        "ENTRA_ID_CLIENT_ID": identity.client_id,
        "ENTRA_ID_CLIENT_SECRET": identity.client_secret or identity.client_certificate,
    }


def app_settings(settings: Settings) -> Mapping[str, object]:
    """Return what belongs together for the app at Atlassian Cloud."""
    return {
        "ATLASSIAN_OAUTH_CLIENT_ID": settings.atlassian.client_id,
        "ATLASSIAN_OAUTH_CLIENT_SECRET": settings.atlassian.client_secret,
    }


def mail_settings(settings: Settings) -> Mapping[str, object]:
    """Return what belongs together for mail."""
    return {"XERUS_SMTP_HOST": settings.mail.host, "XERUS_MAIL_FROM": settings.mail.sender}


def parts(settings: Settings) -> tuple[Part, ...]:
    """Return what there is to set up, in the order in which it is done."""
    wanted = settings.assistant
    return (
        _part("address", {"XERUS_PUBLIC_URL": settings.public_url.startswith("https:")}),
        _part("sign_in", sign_in_settings(settings)),
        _part("administrators", {"XERUS_ADMINS": settings.identity.admins}),
        _part("atlassian", {} if _reaches_otherwise(settings) else app_settings(settings)),
        _part("model", {"XERUS_MODEL": chosen(wanted.model, wanted.models)}, is_needed=False),
        _part("mail", mail_settings(settings), is_needed=False),
        _part("support", {"XERUS_SUPPORT_CONTACT": settings.support.contact}, is_needed=False),
    )


def _part(subject: Subject, group: Mapping[str, object], *, is_needed: bool = True) -> Part:
    return Part(
        subject=subject,
        settings={name: bool(value) for name, value in group.items()},
        is_needed=is_needed,
    )


def _reaches_otherwise(settings: Settings) -> bool:
    """Whether Jira or Confluence is reached without an app at Atlassian Cloud."""
    linked = settings.jira.oauth_client_id or settings.confluence.oauth_client_id
    return bool(linked or settings.credential_mode == "shared")

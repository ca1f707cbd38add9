"""How far an installation is set up, for the pages."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from xerus.settings.readiness import Part, Subject
from xerus.web.checklist import Facts

_SETTINGS: Sequence[tuple[Subject, tuple[str, ...], bool]] = (
    ("address", ("XERUS_PUBLIC_URL",), True),
    (
        "sign_in",
        ("ENTRA_ID_EXPECTED_ISSUER", "ENTRA_ID_CLIENT_ID", "ENTRA_ID_CLIENT_SECRET"),
        True,
    ),
    ("administrators", ("XERUS_ADMINS",), True),
    ("atlassian", ("ATLASSIAN_OAUTH_CLIENT_ID", "ATLASSIAN_OAUTH_CLIENT_SECRET"), True),
    ("model", ("XERUS_MODEL",), False),
    ("mail", ("XERUS_SMTP_HOST", "XERUS_MAIL_FROM"), False),
    ("support", ("XERUS_SUPPORT_CONTACT",), False),
)
EVERYTHING = frozenset(name for _, names, _ in _SETTINGS for name in names)
NOTHING = Facts(
    parts=(),
    people_signed_in=False,
    administrators=0,
    connected=False,
    own_database=False,
    key_service=False,
    audit_days=None,
    chat_days=None,
    used_client=False,
    servers=0,
)


@dataclass
class FakeReadiness:
    """`given` are the settings that are there."""

    given: frozenset[str] = frozenset({"ENTRA_ID_EXPECTED_ISSUER"})
    known: Facts = field(default=NOTHING)

    @property
    def parts(self) -> Sequence[Part]:
        return [
            Part(
                subject=subject,
                settings={name: name in self.given for name in names},
                is_needed=is_needed,
            )
            for subject, names, is_needed in _SETTINGS
        ]

    async def facts(self) -> Facts:
        return replace(self.known, parts=self.parts)

    def finish(self) -> None:
        """Let everything be set up and in use."""
        self.given = EVERYTHING
        self.known = Facts(
            parts=(),
            people_signed_in=True,
            administrators=2,
            connected=True,
            own_database=True,
            key_service=True,
            audit_days=400,
            chat_days=365,
            used_client=True,
            servers=1,
        )

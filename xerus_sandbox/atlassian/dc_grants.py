"""Tokens of one simulated Data Center product: its OAuth 2.0 provider for application links.

Other than Cloud's: a code lives ten seconds, a refresh token works once without a leeway, and the
refresh grant wants the redirect URI as well (facts b9).
"""

from dataclasses import dataclass, field
from typing import Any

from xerus_sandbox.atlassian.oauth_grants import (
    AccessToken,
    Admission,
    Code,
    Family,
    RefreshToken,
    TokenError,
)
from xerus_sandbox.clock import VirtualClock
from xerus_sandbox.config import Config, Setting
from xerus_sandbox.opaque import digest, random_text

SETTINGS = (
    Setting(name="dc_code_seconds", kind="seconds", default=10),
    Setting(name="dc_granted_scopes", kind="list", default=None, nullable=True),
)


@dataclass(kw_only=True)
class _Tables:
    sessions: dict[str, str] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    families: dict[str, Family] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    """The redirect URI of each family."""
    refresh: dict[str, RefreshToken] = field(default_factory=dict)
    access: dict[str, AccessToken] = field(default_factory=dict)


class DataCenterGrants:
    """Sessions, codes and tokens of one product; `changed` says that there is something to save."""

    def __init__(self, clock: VirtualClock, config: Config) -> None:
        self._clock = clock
        self._config = config
        self._tables = _Tables()
        self.changed = False

    def to_json(self) -> dict[str, Any]:
        """Return everything, as live records: to be encoded at once."""
        return vars(self._tables)

    def restore(self, data: dict[str, Any]) -> None:
        """Take back what `to_json` gave."""
        self._tables = _Tables(
            sessions=data["sessions"],
            codes={name: Code(**row) for name, row in data["codes"].items()},
            families={name: Family(**row) for name, row in data["families"].items()},
            redirects=data["redirects"],
            refresh={name: RefreshToken(**row) for name, row in data["refresh"].items()},
            access={name: AccessToken(**row) for name, row in data["access"].items()},
        )

    def reset(self) -> None:
        """Forget everything."""
        self._tables = _Tables()
        self.changed = True

    def start_session(self, email: str) -> str:
        """Return the cookie value of a new sign-in."""
        value = random_text(32)
        self._tables.sessions[digest(value)] = email
        self.changed = True
        return value

    def session_email(self, cookie: str) -> str | None:
        """Return who is signed in with a cookie."""
        return self._tables.sessions.get(digest(cookie))

    def issue_code(
        self, *, email: str, scopes: list[str], redirect_uri: str, code_challenge: str | None
    ) -> str:
        """Record a consent and return the code."""
        text = random_text(32)
        self._tables.codes[digest(text)] = Code(
            email=email,
            scopes=scopes,
            redirect_uri=redirect_uri,
            code_challenge=code_challenge,
            expires_at=self._clock.now() + self._config["dc_code_seconds"],
        )
        self.changed = True
        return text

    def redeem(self, code: str, redirect_uri: str, code_challenge: str | None) -> dict[str, Any]:
        """Exchange a code for tokens.

        Raises:
            TokenError: unknown, used or expired code, or one meant for another request.
        """
        row = self._tables.codes.get(digest(code))
        if row is None or row.family or row.expires_at <= self._clock.now():
            raise _invalid("The authorization code is invalid or expired")
        if row.redirect_uri != redirect_uri:
            raise _invalid("redirect_uri does not match")
        if self._config["verify_pkce"] and row.code_challenge not in (None, code_challenge):
            raise _invalid("The code verifier does not match")
        row.family = random_text(16)
        family = Family(email=row.email, scopes=row.scopes, consented_at=self._clock.now())
        self._tables.families[row.family] = family
        self._tables.redirects[row.family] = redirect_uri
        return self._issue(row.family, family)

    def refresh(self, refresh_token: str, redirect_uri: str) -> dict[str, Any]:
        """Rotate a refresh token.

        Raises:
            TokenError: unknown, used, expired or revoked, or without its redirect URI.
        """
        row = self._tables.refresh.get(digest(refresh_token))
        now = self._clock.now()
        if row is None or row.rotated_at is not None:
            raise _invalid("The refresh token is invalid")
        family = self._tables.families[row.family]
        idle: float = self._config["refresh_idle_seconds"]
        if family.ended or now - row.issued_at >= idle:
            raise _invalid("The refresh token is expired or revoked")
        if self._tables.redirects[row.family] != redirect_uri:
            raise _invalid("redirect_uri does not match")
        row.rotated_at = now
        return self._issue(row.family, family)

    def _issue(self, name: str, family: Family) -> dict[str, Any]:
        now, lifetime = self._clock.now(), self._config["access_token_seconds"]
        access, refresh = random_text(44), random_text(44)
        self._tables.access[digest(access)] = AccessToken(family=name, expires_at=now + lifetime)
        self._tables.refresh[digest(refresh)] = RefreshToken(family=name, issued_at=now)
        self.changed = True
        return {
            "access_token": access,
            "refresh_token": refresh,
            "expires_in": lifetime,
            "scope": " ".join(family.scopes),
            "token_type": "Bearer",
            "created_at": int(now),
        }

    def admit(self, access_token: str) -> Admission | None:
        """Return what an access token stands for, or None if it is unknown, expired or revoked."""
        row = self._tables.access.get(digest(access_token))
        if row is None or row.expires_at <= self._clock.now():
            return None
        family = self._tables.families[row.family]
        if family.ended:
            return None
        return Admission(email=family.email, scopes=frozenset(family.scopes), sites=())

    def email_of(self, code_or_refresh_token: str) -> str | None:
        """Return whose code or refresh token this is or was."""
        name = digest(code_or_refresh_token)
        if token := self._tables.refresh.get(name):
            return self._tables.families[token.family].email
        code = self._tables.codes.get(name)
        return code.email if code else None

    def revoke(self, email: str) -> int:
        """End every family of an account and its unused codes."""
        live = [f for f in self._tables.families.values() if f.email == email and not f.ended]
        for family in live:
            family.ended = True
        codes = self._tables.codes
        self._tables.codes = {k: v for k, v in codes.items() if v.email != email or v.family}
        self.changed = True
        return len(live)


def _invalid(description: str) -> TokenError:
    return TokenError(400, "invalid_grant", description)

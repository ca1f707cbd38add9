"""Token families of the simulated Atlassian authorization server.

One app, so one grant per account: it holds the sites, and a further consent adds sites to it.
Every consent starts a token family. A refresh token is used once; within the leeway the old one
still works, after it the use is an attack and ends the family (facts b3).
"""

from dataclasses import dataclass, field
from typing import Any

from xerus_sandbox.clock import VirtualClock
from xerus_sandbox.config import Config, Setting
from xerus_sandbox.opaque import digest, jwt_like, random_text

_DAY = 86_400
_PRUNE_ABOVE = 2_000

SETTINGS = (
    Setting(name="refresh_grace_seconds", kind="seconds", default=600),
    Setting(name="refresh_idle_seconds", kind="seconds", default=90 * _DAY),
    Setting(name="refresh_absolute_seconds", kind="seconds", default=365 * _DAY),
    Setting(name="reuse_revokes_family", kind="switch", default=True),
    Setting(name="sites_granted", kind="list", default=None, nullable=True),
    Setting(name="duplicate_resources", kind="switch", default=False),
    Setting(name="reject_unknown_scopes", kind="switch", default=False),
)


class TokenError(Exception):
    """A refusal of the token endpoint: status, `error` and `error_description`."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(error, description)
        self.status = status
        self.error = error
        self.description = description


def _rotated_out() -> TokenError:
    return TokenError(403, "unauthorized_client", "refresh_token is invalid")


def _ended() -> TokenError:
    return TokenError(403, "invalid_grant", "Unknown or invalid refresh token.")


@dataclass(kw_only=True)
class Code:
    """An authorization code that was sent to a redirect URI."""

    email: str
    scopes: list[str]
    redirect_uri: str
    code_challenge: str | None
    expires_at: float
    family: str | None = None
    """Set once the code is used."""


@dataclass(kw_only=True)
class Family:
    """All tokens that came from one consent."""

    email: str
    scopes: list[str]
    consented_at: float
    ended: bool = False


@dataclass(kw_only=True)
class RefreshToken:
    """One refresh token; the text itself is not kept."""

    family: str
    issued_at: float
    rotated_at: float | None = None


@dataclass(kw_only=True)
class AccessToken:
    """One access token; the text itself is not kept."""

    family: str
    expires_at: float


@dataclass(frozen=True, kw_only=True)
class Admission:
    """What a valid access token stands for."""

    email: str
    scopes: frozenset[str]
    sites: tuple[str, ...]


@dataclass(kw_only=True)
class _Tables:
    sessions: dict[str, str] = field(default_factory=dict)
    sites: dict[str, list[str]] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    families: dict[str, Family] = field(default_factory=dict)
    refresh: dict[str, RefreshToken] = field(default_factory=dict)
    access: dict[str, AccessToken] = field(default_factory=dict)


class Grants:
    """Sessions, codes, grants and tokens; `changed` says that there is something to save."""

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
            sites=data["sites"],
            codes={name: Code(**row) for name, row in data["codes"].items()},
            families={name: Family(**row) for name, row in data["families"].items()},
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

    def issue_code(self, code: Code, sites: list[str]) -> str:
        """Record a consent, which adds its sites to the grant, and return the code."""
        granted = self._tables.sites.setdefault(code.email, [])
        granted.extend(name for name in sites if name not in granted)
        text = jwt_like(900)
        self._tables.codes[digest(text)] = code
        self.changed = True
        return text

    def redeem(self, code: str, redirect_uri: str, code_challenge: str | None) -> dict[str, Any]:
        """Exchange a code for tokens.

        Raises:
            TokenError: unknown, used or expired code, or one meant for another request.
        """
        row = self._tables.codes.get(digest(code))
        if row is None or row.family or row.expires_at <= self._clock.now():
            raise TokenError(403, "invalid_grant", "Invalid authorization code")
        if row.redirect_uri != redirect_uri:
            raise TokenError(403, "invalid_grant", "redirect_uri does not match")
        if self._config["verify_pkce"] and row.code_challenge not in (None, code_challenge):
            raise TokenError(403, "invalid_grant", "Failed to verify code verifier")
        row.family = random_text(16)
        family = Family(email=row.email, scopes=row.scopes, consented_at=self._clock.now())
        self._tables.families[row.family] = family
        return self._issue(row.family, family)

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        """Rotate a refresh token.

        Raises:
            TokenError: unknown or rotated out (unauthorized_client), expired or revoked
                (invalid_grant).
        """
        row = self._tables.refresh.get(digest(refresh_token))
        if row is None:
            raise _rotated_out()
        family = self._tables.families[row.family]
        if family.ended or self._is_too_old(row, family):
            raise _ended()
        now = self._clock.now()
        if row.rotated_at is None:
            row.rotated_at = now
            self._shorten_access(row.family, now)
        elif now - row.rotated_at >= self._config["refresh_grace_seconds"]:
            self._punish_reuse(row.family)
            raise _rotated_out()
        return self._issue(row.family, family)

    def _is_too_old(self, row: RefreshToken, family: Family) -> bool:
        now = self._clock.now()
        idle: float = self._config["refresh_idle_seconds"]
        absolute: float = self._config["refresh_absolute_seconds"]
        return now - row.issued_at >= idle or now - family.consented_at >= absolute

    def _shorten_access(self, family: str, now: float) -> None:
        # An access token from before a rotation is good for the leeway only.
        until = now + self._config["refresh_grace_seconds"]
        for token in self._tables.access.values():
            if token.family == family:
                token.expires_at = min(token.expires_at, until)

    def _punish_reuse(self, family: str) -> None:
        if self._config["reuse_revokes_family"]:
            self._end(family)

    def _issue(self, name: str, family: Family) -> dict[str, Any]:
        now = self._clock.now()
        lifetime = self._config["access_token_seconds"]
        access = jwt_like(1000)
        self._tables.access[digest(access)] = AccessToken(family=name, expires_at=now + lifetime)
        answer = {
            "access_token": access,
            "expires_in": lifetime,
            "scope": " ".join(family.scopes),
            "token_type": "Bearer",
        }
        if "offline_access" in family.scopes:
            answer["refresh_token"] = jwt_like(700)
            row = RefreshToken(family=name, issued_at=now)
            self._tables.refresh[digest(answer["refresh_token"])] = row
        self._prune(now)
        self.changed = True
        return answer

    def _prune(self, now: float) -> None:
        tables = self._tables
        if len(tables.access) + len(tables.refresh) < _PRUNE_ABOVE:
            return
        kept = max(self._config["refresh_grace_seconds"], _DAY)
        tables.access = {k: v for k, v in tables.access.items() if v.expires_at > now}
        tables.refresh = {
            k: v
            for k, v in tables.refresh.items()
            if v.rotated_at is None or now - v.rotated_at < kept
        }
        tables.codes = {k: v for k, v in tables.codes.items() if v.expires_at + _DAY > now}

    def admit(self, access_token: str) -> Admission | None:
        """Return what an access token stands for, or None if it is unknown, expired or revoked."""
        row = self._tables.access.get(digest(access_token))
        if row is None or row.expires_at <= self._clock.now():
            return None
        family = self._tables.families[row.family]
        if family.ended:
            return None
        return Admission(
            email=family.email,
            scopes=frozenset(family.scopes),
            sites=tuple(self._tables.sites.get(family.email, ())),
        )

    def email_of_refresh_token(self, refresh_token: str) -> str | None:
        """Return whose refresh token this is or was."""
        row = self._tables.refresh.get(digest(refresh_token))
        return self._tables.families[row.family].email if row else None

    def email_of_code(self, code: str) -> str | None:
        """Return whose code this is or was."""
        row = self._tables.codes.get(digest(code))
        return row.email if row else None

    def revoke(self, email: str) -> int:
        """End every family of an account, its unused codes, and take its sites away."""
        mine = [name for name, family in self._tables.families.items() if family.email == email]
        live = [name for name in mine if not self._tables.families[name].ended]
        for name in live:
            self._end(name)
        codes = self._tables.codes
        self._tables.codes = {k: v for k, v in codes.items() if v.email != email or v.family}
        self._tables.sites.pop(email, None)
        self.changed = True
        return len(live)

    def _end(self, family: str) -> None:
        self._tables.families[family].ended = True
        self.changed = True

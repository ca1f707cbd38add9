"""State of the simulated Entra ID: sessions, codes, refresh tokens and signing keys."""

from dataclasses import dataclass, field
from typing import Any

from xerus_sandbox.accounts import ADA
from xerus_sandbox.clock import VirtualClock
from xerus_sandbox.config import Config, Setting
from xerus_sandbox.entra.errors import EntraError, claims_challenge
from xerus_sandbox.entra.keys import SigningKey
from xerus_sandbox.opaque import digest, random_text

_DAY = 86_400

SETTINGS = (
    Setting(name="token_version", kind="version", default=2),
    Setting(name="id_token_seconds", kind="seconds", default=3600),
    Setting(name="refresh_seconds", kind="seconds", default=90 * _DAY),
    Setting(name="disabled_accounts", kind="list", default=[]),
    Setting(name="groups_claim", kind="switch", default=False),
    # Members of the one group.
    Setting(name="group_members", kind="list", default=[ADA.email]),
    # Who is in more groups than a token can name.
    Setting(name="groups_overage", kind="list", default=[]),
    # "E-MAIL ROLE": app roles that people were given.
    Setting(name="app_roles", kind="list", default=[]),
    # App roles of the other application, which asks for tokens of its own.
    Setting(name="machine_roles", kind="list", default=[]),
    # PEM texts of the certificates registered for our client.
    Setting(name="client_certificates", kind="list", default=[]),
    # Whether ID tokens carry the optional claim `login_hint`.
    Setting(name="login_hint_claim", kind="switch", default=False),
    # Who lives in the other tenant, and who of them is a guest here.
    Setting(name="foreign_accounts", kind="list", default=[]),
    Setting(name="guest_accounts", kind="list", default=[]),
    Setting(name="claims_challenge", kind="switch", default=False),
)


@dataclass(kw_only=True)
class Code:
    """An authorization code that was sent to a redirect URI."""

    email: str
    scope: str
    redirect_uri: str
    nonce: str | None
    code_challenge: str | None
    expires_at: float
    used: bool = False
    claims: bool = False
    """Whether the sign-in met a claims challenge."""


@dataclass(kw_only=True)
class RefreshToken:
    """One refresh token, bound to person and client; its use does not end it (facts d4)."""

    email: str
    scope: str
    expires_at: float
    revoked: bool = False
    claims: bool = False


@dataclass(kw_only=True)
class _Tables:
    sessions: dict[str, str] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    refresh: dict[str, RefreshToken] = field(default_factory=dict)


class Directory:
    """What Entra remembers; `changed` says that there is something to save."""

    def __init__(self, clock: VirtualClock, config: Config) -> None:
        self._clock = clock
        self._config = config
        self._tables = _Tables()
        self.keys: list[SigningKey] = []
        """Oldest first; the last one signs."""
        self.changed = False

    def to_json(self) -> dict[str, Any]:
        """Return everything, as live records: to be encoded at once. Makes the first key."""
        self.signing_key()
        return {**vars(self._tables), "keys": [key.to_json() for key in self.keys]}

    def restore(self, data: dict[str, Any]) -> None:
        """Take back what `to_json` gave."""
        self._tables = _Tables(
            sessions=data["sessions"],
            codes={name: Code(**row) for name, row in data["codes"].items()},
            refresh={name: RefreshToken(**row) for name, row in data["refresh"].items()},
        )
        self.keys = [SigningKey.from_json(saved) for saved in data["keys"]]

    def reset(self) -> None:
        """Forget everything but the first key."""
        self._tables = _Tables()
        self.keys = self.keys[:1]
        self.changed = True

    def signing_key(self) -> SigningKey:
        """Return the key that signs now."""
        return self.keys[-1] if self.keys else self.rotate_keys()

    def rotate_keys(self) -> SigningKey:
        """Make a new signing key; the old ones stay listed."""
        self.keys.append(SigningKey.generate(self._clock.now()))
        self.changed = True
        return self.keys[-1]

    def start_session(self, email: str) -> str:
        """Return the cookie value of a new sign-in."""
        value = random_text(32)
        self._tables.sessions[digest(value)] = email
        self.changed = True
        return value

    def session_email(self, cookie: str) -> str | None:
        """Return who is signed in with a cookie."""
        return self._tables.sessions.get(digest(cookie))

    def end_session(self, cookie: str) -> None:
        """Sign out."""
        self.changed |= self._tables.sessions.pop(digest(cookie), None) is not None

    def issue_code(self, code: Code) -> str:
        """Record a sign-in and return its code."""
        text = f"1.A{random_text(700)}"
        self._tables.codes[digest(text)] = code
        self.changed = True
        return text

    def redeem(self, code: str, redirect_uri: str, code_challenge: str | None) -> Code:
        """Use up a code.

        Raises:
            EntraError: unknown, used or expired code, or one meant for another request.
        """
        row = self._tables.codes.get(digest(code))
        if row is None:
            text = "The provided authorization code or refresh token is not valid."
            raise EntraError("invalid_grant", 70000, text)
        if row.used:
            text = "OAuth2 Authorization code was already redeemed, please retry with a new code."
            raise EntraError("invalid_grant", 54005, text)
        if row.expires_at <= self._clock.now():
            raise _expired()
        if row.redirect_uri != redirect_uri:
            text = "The reply address does not match the one used to ask for the code."
            raise EntraError("invalid_grant", 500112, text)
        if self._config["verify_pkce"] and row.code_challenge != code_challenge:
            raise _pkce_failed(given=code_challenge is not None)
        self._check_enabled(row.email)
        self._check_claims(met=row.claims)
        row.used = True
        self.changed = True
        return row

    def issue_refresh_token(self, email: str, scope: str, *, claims: bool = False) -> str:
        """Return a new refresh token."""
        now = self._clock.now()
        tables = self._tables
        tables.refresh = {k: v for k, v in tables.refresh.items() if v.expires_at > now}
        tables.codes = {k: v for k, v in tables.codes.items() if v.expires_at + _DAY > now}
        text = f"1.A{random_text(900)}"
        tables.refresh[digest(text)] = RefreshToken(
            email=email,
            scope=scope,
            expires_at=now + self._config["refresh_seconds"],
            claims=claims,
        )
        self.changed = True
        return text

    def use_refresh_token(self, refresh_token: str) -> RefreshToken:
        """Return what a refresh token stands for.

        Raises:
            EntraError: unknown, expired or revoked, its account disabled, or a claims challenge.
        """
        row = self._tables.refresh.get(digest(refresh_token))
        if row is None:
            text = "The provided refresh token is malformed or invalid."
            raise EntraError("invalid_grant", 9002313, text)
        if row.expires_at <= self._clock.now():
            raise _expired()
        if row.revoked:
            text = "The provided grant has expired due to it being revoked, a fresh auth token is needed."
            raise EntraError("invalid_grant", 50173, text)
        self._check_enabled(row.email)
        self._check_claims(met=row.claims)
        return row

    def is_disabled(self, email: str) -> bool:
        """Tell whether an administrator has disabled an account."""
        return email in self._config["disabled_accounts"]

    def _check_enabled(self, email: str) -> None:
        if self.is_disabled(email):
            raise EntraError("invalid_grant", 50057, "The user account is disabled.")

    def _check_claims(self, *, met: bool) -> None:
        if self._config["claims_challenge"] and not met:
            raise claims_challenge()

    def email_of(self, code_or_token: str) -> str | None:
        """Return whose code or refresh token this is or was."""
        name = digest(code_or_token)
        row = self._tables.codes.get(name) or self._tables.refresh.get(name)
        return row.email if row else None

    def revoke(self, email: str) -> int:
        """Revoke an account's refresh tokens and sessions, and forget its codes."""
        live = [t for t in self._tables.refresh.values() if t.email == email and not t.revoked]
        for token in live:
            token.revoked = True
        tables = self._tables
        tables.codes = {k: v for k, v in tables.codes.items() if v.email != email}
        tables.sessions = {k: v for k, v in tables.sessions.items() if v != email}
        self.changed = True
        return len(live)


def _expired() -> EntraError:
    text = "The provided authorization code or refresh token has expired due to inactivity."
    return EntraError("invalid_grant", 70008, text)


def _pkce_failed(*, given: bool) -> EntraError:
    if given:
        text = (
            "The code_verifier does not match the code_challenge supplied in the authorization "
            "request for PKCE."
        )
        return EntraError("invalid_grant", 50148, text)
    text = "Proof Key for Code Exchange is required; the code_verifier is missing."
    return EntraError("invalid_grant", 501481, text)

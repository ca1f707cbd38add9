"""Sign-in at the identity provider: one flow for the web and for MCP clients."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import orjson
import structlog

from xerus.accounts import store
from xerus.accounts.admission import Admission, NotAdmitted
from xerus.accounts.identity import identity_from
from xerus.accounts.recheck import identity_binding
from xerus.accounts.users import AdminRule, User
from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import NotConfigured, UpstreamError, UpstreamRefused, XerusError
from xerus.ids import UserId, correlation_id, new_id, new_secret, secret_hash
from xerus.oauth import pkce
from xerus.oauth.aadsts import diagnosed
from xerus.oauth.errors import InteractionRequired, InvalidToken
from xerus.oauth.provider import IdentityProvider, SignedInTokens
from xerus.vault.envelope import Binding
from xerus.vault.service import Vault

log = structlog.get_logger(__name__)

Purpose = Literal["web", "authorize"]
FLOW_LIFE = timedelta(minutes=10)
_UNKNOWN_STATE = "unknown_state"
_MOST_ATTEMPTS = 2


class SignInFailed(XerusError):
    """A sign-in that came to nothing.

    Attributes:
        correlation_id: what a person reads out to support; the log has it too.
        purpose: what the sign-in was for, "web" where that is not known.
        request_id: the authorization request behind an "authorize" sign-in, else ''.
        declined: the person said no at the provider.
    """

    status = 400

    def __init__(
        self,
        message: str,
        *,
        code: str,
        hint: str,
        purpose: Purpose = "web",
        request_id: str = "",
        debug: str = "",
        status: int = 400,
    ) -> None:
        super().__init__(message, code=code, hint=hint, debug=debug)
        self.correlation_id = correlation_id()
        self.purpose = purpose
        self.request_id = request_id
        self.declined = code == "declined"
        self.status = status


class SignInContinues(Exception):
    """The browser has to go to the identity provider once more.

    Attributes:
        url: where.
    """

    def __init__(self, url: str) -> None:
        super().__init__("the provider demands more")
        self.url = url


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """Who signed in, and what for."""

    user: User
    purpose: Purpose
    return_to: str
    request_id: str


class SignIn:
    """Begins and completes sign-ins; each is single-use and bound to the browser that began it."""

    def __init__(
        self,
        *,
        db: Database,
        vault: Vault,
        audit: AuditLog,
        provider: IdentityProvider | None,
        admins: AdminRule,
        admission: Admission,
        clock: Clock,
    ) -> None:
        self._db = db
        self._vault = vault
        self._audit = audit
        self._provider = provider
        self._admins = admins
        self._admission = admission
        self._clock = clock

    @property
    def configured(self) -> bool:
        """Whether there is an identity provider."""
        return self._provider is not None

    async def begin(
        self,
        *,
        browser: str,
        purpose: Purpose,
        return_to: str = "/",
        request_id: str = "",
        session_token: str = "",
    ) -> str:
        """Start a sign-in and return the URL of the identity provider.

        Args:
            browser: value of the browser cookie; only that browser can complete.
            purpose: the web, or an MCP client's authorization.
            return_to: local path to show afterwards.
            request_id: the approved authorization request.
            session_token: the browser's session cookie, of an ended session too: what the provider
                demanded when it ended goes along.

        Raises:
            NotConfigured: there is no identity provider.
            UpstreamError: the provider does not answer.
        """
        claims = await self._demanded(session_token) if session_token else ""
        return await self._begin(
            secret_hash(browser), purpose, return_to, request_id, claims=claims, attempts=0
        )

    async def sign_out_url(self, user_id: UserId) -> str:
        """Return where a person signs out of the provider too; '' where that is not possible now."""
        if self._provider is None:
            return ""
        async with self._db.transaction(Role.GATE) as conn:
            row = await store.find_user(conn, user_id)
        try:
            return await self._provider.sign_out_url(login_hint=row["login_hint"] if row else "")
        except (UpstreamError, NotConfigured) as error:
            log.warning("sign_out_at_provider_skipped", cause=error.code, debug=error.debug)
            return ""

    async def is_demanded(self, session_token: str) -> bool:
        """Tell whether the provider ended this session to see the person again."""
        return self.configured and bool(await self._demanded(session_token))

    async def is_kept_out(self, session_token: str) -> bool:
        """Tell whether an administrator keeps the person of this session, ended or not, out."""
        async with self._db.transaction(Role.GATE) as conn:
            return await store.was_disabled(conn, secret_hash(session_token))

    async def _demanded(self, session_token: str) -> str:
        async with self._db.transaction(Role.GATE) as conn:
            return await store.challenge_of(conn, secret_hash(session_token), self._clock.now())

    async def _begin(
        self,
        browser_hash: bytes,
        purpose: Purpose,
        return_to: str,
        request_id: str,
        *,
        claims: str,
        attempts: int,
    ) -> str:
        provider = self._require_provider()
        state, nonce, verifier = new_secret(), new_secret(), pkce.new_verifier()
        url = await provider.authorize_url(
            state=state, nonce=nonce, verifier=verifier, claims=claims
        )
        flow_id, now = new_id(), self._clock.now()
        sealed = await self._vault.seal(
            orjson.dumps({"nonce": nonce, "verifier": verifier, "attempts": attempts}),
            _flow_binding(flow_id),
        )
        async with self._db.transaction(Role.GATE) as conn:
            await store.insert_flow(
                conn,
                {
                    "id": flow_id,
                    "state": secret_hash(state),
                    "browser": browser_hash,
                    "purpose": purpose,
                    "return_to": return_to,
                    "request": request_id or None,
                    "sealed": sealed,
                    "now": now,
                    "expires": now + FLOW_LIFE,
                },
            )
        return url

    async def complete(
        self, *, query: Mapping[str, str], browser: str, address: str = ""
    ) -> SignedIn:
        """Finish a sign-in with what the identity provider sent to the callback.

        Raises:
            SignInContinues: the provider demands more of the person; the browser has to go back.
            SignInFailed: with what went wrong, in words, and what to do next.
        """
        provider = self._require_provider()
        flow: store.Row | None = None
        try:
            flow = await self._take(query.get("state", ""), browser)
            tokens = await self._redeem(provider, flow, query)
            user = await self._enter(provider, tokens)
        except SignInFailed as failure:
            if flow is not None:
                failure.purpose, failure.request_id = flow["purpose"], _text(flow["request_id"])
            await self._note(failure, address)
            raise
        return SignedIn(
            user=user,
            purpose=flow["purpose"],
            return_to=flow["return_to"],
            request_id=_text(flow["request_id"]),
        )

    def _require_provider(self) -> IdentityProvider:
        if self._provider is None:
            raise NotConfigured(
                "Signing in with Microsoft is not configured.",
                hint="Set ENTRA_ID_EXPECTED_ISSUER, ENTRA_ID_CLIENT_ID and ENTRA_ID_CLIENT_SECRET.",
            )
        return self._provider

    async def _take(self, state: str, browser: str) -> store.Row:
        """Claim the flow of a state for this callback, once."""
        async with self._db.transaction(Role.GATE) as conn:
            flow = await store.find_flow(conn, secret_hash(state)) if state else None
            if flow is None:
                raise _expired(code=_UNKNOWN_STATE)
            if flow["expires_at"] <= self._clock.now():
                raise _expired()
            # CVE-2026-27124: the browser that comes back must be the one that began.
            if not browser or not hmac.compare_digest(flow["browser_hash"], secret_hash(browser)):
                raise SignInFailed(
                    "This sign-in was started in another browser.",
                    code="wrong_browser",
                    hint="Start again in this browser, with cookies allowed.",
                    status=403,
                )
            if not await store.use_flow(conn, str(flow["id"]), self._clock.now()):
                raise SignInFailed(
                    "This sign-in was already used.",
                    code="already_used",
                    hint="If you are not signed in, start again.",
                )
        return flow

    async def _redeem(
        self, provider: IdentityProvider, flow: store.Row, query: Mapping[str, str]
    ) -> SignedInTokens:
        if "error" in query:
            raise _denied(query)
        # RFC 9207: an answer that names another issuer is not for this request.
        foreign = "iss" in query and not provider.discovery.rule.allows(query["iss"])
        if foreign or not query.get("code"):
            raise SignInFailed(
                "The answer of the identity provider is not complete.",
                code="bad_callback",
                hint="Start again.",
            )
        opened = await self._vault.open(flow["sealed"], _flow_binding(str(flow["id"])))
        secrets = orjson.loads(opened)
        attempts = secrets.pop("attempts", 0)
        try:
            return await provider.redeem(code=query["code"], **secrets)
        except InteractionRequired as error:
            if not error.claims or attempts >= _MOST_ATTEMPTS:
                raise _refused(error) from error
            url = await self._begin(
                bytes(flow["browser_hash"]),
                flow["purpose"],
                flow["return_to"],
                _text(flow["request_id"]),
                claims=error.claims,
                attempts=attempts + 1,
            )
            raise SignInContinues(url) from error
        except InvalidToken as error:
            raise SignInFailed(
                "Xerus cannot accept the identity provider's answer.",
                code="id_token_refused",
                hint="Start again. If it stays, an administrator finds the reason in the log.",
                debug=error.description,
            ) from error
        except UpstreamRefused as error:
            raise _refused(error) from error
        except UpstreamError as error:
            raise SignInFailed(
                error.message, code=error.code, hint=error.hint, debug=error.debug, status=502
            ) from error

    async def _enter(self, provider: IdentityProvider, tokens: SignedInTokens) -> User:
        """Store who signed in and the token to ask the provider again with."""
        if tokens.refresh_token is None:
            raise SignInFailed(
                "The identity provider gave no refresh token.",
                code="no_offline_access",
                hint="An administrator has to allow the scope offline_access for Xerus.",
            )
        identity, now = identity_from(tokens.claims), self._clock.now()
        try:
            self._admission.check(identity)
        except NotAdmitted as error:
            raise SignInFailed(
                error.message, code=error.code, hint=error.hint, status=error.status
            ) from error
        async with self._db.transaction(Role.GATE) as conn:
            if await store.is_disabled(conn, identity):
                raise kept_out()
            user_id = await store.upsert_user(conn, identity, admin_by="", now=now)
            await self._admission.note(conn, user_id, identity)
        sealed = await self._vault.seal(
            tokens.refresh_token.get_secret_value().encode(),
            identity_binding(user_id, provider.issuer),
        )
        async with self._db.transaction(Role.WORKER) as conn:
            await store.save_identity(conn, user_id, sealed, now)
            row = await store.find_user(conn, user_id)
        assert row is not None
        return store.user_from(row, self._admins)

    async def _note(self, failure: SignInFailed, address: str) -> None:
        log.warning(
            "sign_in_failed",
            cause=failure.code,
            correlation_id=failure.correlation_id,
            debug=failure.debug,
        )
        if failure.code == _UNKNOWN_STATE:
            return  # anybody can make these up, so that they would fill the audit log
        await self._audit.append(
            Event.SIGNIN_REFUSED,
            cause=failure.code,
            correlation_id=failure.correlation_id,
            address=address,
        )


def kept_out() -> SignInFailed:
    """Return what somebody reads whom an administrator keeps out."""
    return SignInFailed(
        "An administrator has turned off your access to Xerus.",
        code="disabled",
        hint="What you had here is kept. Ask an administrator to turn it on again.",
        status=403,
    )


def _flow_binding(flow_id: str) -> Binding:
    return Binding(table="signin_flows", column="sealed", row_id=flow_id)


def _expired(*, code: str = "expired") -> SignInFailed:
    return SignInFailed(
        "This sign-in has expired.",
        code=code,
        hint="A sign-in has ten minutes. Start again.",
    )


def _denied(query: Mapping[str, str]) -> SignInFailed:
    error = query["error"]
    if error == "access_denied":
        return SignInFailed(
            "You cancelled the sign-in.", code="declined", hint="Start again whenever you like."
        )
    said = diagnosed(query.get("error_description", ""))
    return SignInFailed(
        said.message if said else "The identity provider did not sign you in.",
        code="provider_error",
        hint=said.hint
        if said
        else "Start again. If it stays, tell your administrator the reference.",
        debug=f"{error[:60]}: {query.get('error_description', '')[:500]}",
    )


def _refused(error: UpstreamRefused) -> SignInFailed:
    return SignInFailed(
        error.message,
        code="provider_refused",
        hint=error.hint,
        debug=f"{error.debug} trace={error.request_id}",
    )


def _text(value: object) -> str:
    return "" if value is None else str(value)

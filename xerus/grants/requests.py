"""Authorization requests: what a client asked for, between its arrival and our answer."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.grants import store
from xerus.grants.clients import Client
from xerus.ids import UserId, is_id, new_id, secret_hash
from xerus.oauth import redirect_uri, scopes
from xerus.vault.envelope import Binding
from xerus.vault.service import Vault

LIFE = timedelta(minutes=10)
Decision = Literal["approved", "denied"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The checked parameters of an authorization request.

    Attributes:
        redirect_given: whether the request named its redirect address; then the token request
            has to name the same (RFC 6749 4.1.3).
        state: the client's own, given back untouched; None if it sent none.
    """

    redirect_uri: str
    redirect_given: bool
    code_challenge: str
    scopes: frozenset[str]
    resource: str
    state: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class AuthorizationRequest:
    """A stored request.

    Attributes:
        decision: '' until the person has decided.
        consented_by: who had allowed it before and chose not to be asked again; else None.
    """

    id: str
    client_id: str
    client_name: str
    asked: Asked
    decision: str
    consented_by: UserId | None = None


class AuthorizationRequests:
    """Keeps requests for ten minutes, each for the one browser that brought it."""

    def __init__(self, *, db: Database, vault: Vault, audit: AuditLog, clock: Clock) -> None:
        self._db = db
        self._vault = vault
        self._audit = audit
        self._clock = clock

    async def add(
        self, client: Client, asked: Asked, *, browser: str, consented_by: UserId | None = None
    ) -> AuthorizationRequest:
        """Store a request whose consent page is about to be shown, or was answered before."""
        request_id, now = new_id(), self._clock.now()
        sealed = None
        if asked.state is not None:
            sealed = await self._vault.seal(asked.state.encode(), _binding(request_id))
        async with self._db.transaction(Role.GATE) as conn:
            await store.insert_request(
                conn,
                {
                    "id": request_id,
                    "client_id": client.id,
                    "browser_hash": secret_hash(browser),
                    "redirect_uri": asked.redirect_uri,
                    "redirect_given": asked.redirect_given,
                    "code_challenge": asked.code_challenge,
                    "scopes": scopes.text(asked.scopes).split(),
                    "resource": asked.resource,
                    "sealed_state": sealed,
                    "now": now,
                    "expires_at": now + LIFE,
                    "consented_by": consented_by,
                },
            )
            await self._audit.record(
                conn,
                Event.CLIENT_CONSENT_SKIPPED if consented_by else Event.CLIENT_CONSENT_SHOWN,
                user_id=consented_by,
                client=client.id,
                redirect_host=redirect_uri.shown_host(asked.redirect_uri),
                scopes=scopes.text(asked.scopes),
            )
        return AuthorizationRequest(
            id=request_id,
            client_id=client.id,
            client_name=client.name,
            asked=asked,
            decision="approved" if consented_by else "",
            consented_by=consented_by,
        )

    async def get(self, request_id: str, *, browser: str) -> AuthorizationRequest | None:
        """Return a request of this browser, None if there is none or it has expired."""
        if not browser or not is_id(request_id):
            return None
        async with self._db.transaction(Role.GATE) as conn:
            row = await store.find_request(
                conn, request_id, browser=secret_hash(browser), now=self._clock.now()
            )
        return await self._request(row) if row else None

    async def decide(
        self, request: AuthorizationRequest, decision: Decision, *, remember: bool = False
    ) -> bool:
        """Record what the person decided; True for exactly one caller.

        Args:
            request: what was asked.
            decision: yes or no.
            remember: not to ask whoever signs in for it again.
        """
        event = (
            Event.CLIENT_CONSENT_APPROVED if decision == "approved" else Event.CLIENT_CONSENT_DENIED
        )
        async with self._db.transaction(Role.GATE) as conn:
            first = await store.decide_request(conn, request.id, decision, remember=remember)
            if first:
                await self._audit.record(
                    conn,
                    event,
                    client=request.client_id,
                    redirect_host=redirect_uri.shown_host(request.asked.redirect_uri),
                    scopes=scopes.text(request.asked.scopes),
                )
        return first

    async def _request(self, row: store.Row) -> AuthorizationRequest:
        state = None
        if row["sealed_state"] is not None:
            opened = await self._vault.open(bytes(row["sealed_state"]), _binding(str(row["id"])))
            state = opened.decode()
        return AuthorizationRequest(
            id=str(row["id"]),
            client_id=row["client_id"],
            client_name=row["client_name"],
            asked=Asked(
                redirect_uri=row["redirect_uri"],
                redirect_given=row["redirect_given"],
                code_challenge=row["code_challenge"],
                scopes=frozenset(row["scopes"]),
                resource=row["resource"],
                state=state,
            ),
            decision=row["decision"] or "",
            consented_by=UserId(str(row["consented_by"])) if row["consented_by"] else None,
        )


def _binding(request_id: str) -> Binding:
    return Binding(table="authorization_requests", column="sealed_state", row_id=request_id)

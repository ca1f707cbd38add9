"""The way out: a new attempt to connect, bound to the person's browser session."""

from collections.abc import Mapping

from pydantic import SecretStr

from xerus.audit.events import Event, Fact
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.connections import flows, store
from xerus.connections.provider import Begins
from xerus.connections.sealing import Sealer
from xerus.connections.signals import FLOW
from xerus.connections.tables import Tables
from xerus.connections.views import Started
from xerus.db.database import Database
from xerus.db.notify import notify
from xerus.db.roles import Role
from xerus.errors import InvalidInput, NotConfigured
from xerus.ids import FlowId, SessionId, UserId, new_id, new_secret, secret_hash
from xerus.oauth import pkce


class Authorize:
    """Starts and cancels attempts to connect."""

    def __init__(
        self,
        *,
        db: Database,
        oauth: Begins,
        tables: Tables,
        sealer: Sealer,
        audit: AuditLog,
        clock: Clock,
        facts: Mapping[str, Fact] | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        """Make one; `facts` stand in each audit event, `extra` in each row."""
        self._db = db
        self._oauth = oauth
        self._tables = tables
        self._facts = facts or {}
        self._extra = extra or {}
        self._sealer = sealer
        self._audit = audit
        self._clock = clock

    async def begin(self, *, user_id: UserId, session_id: SessionId, return_to: str) -> Started:
        """Store a new flow and return the consent address; older pending flows are superseded.

        Raises:
            NotConfigured: no app is set up there.
            InvalidInput: `return_to` is not a path of this server.
        """
        if not self._oauth.configured:
            raise NotConfigured(
                f"Connecting {self._oauth.link.label} is not set up on this server.",
                hint=f"An administrator has to set {self._oauth.settings}.",
            )
        _require_local(return_to)
        flow_id, state, verifier = FlowId(new_id()), new_secret(), pkce.new_verifier()
        flow = flows.NewFlow(
            flow_id=flow_id,
            user_id=user_id,
            session_id=session_id,
            state_hash=secret_hash(state),
            code_verifier=await self._sealer.seal_verifier(user_id, flow_id, SecretStr(verifier)),
            return_to=return_to,
            created_at=self._clock.now(),
            extra=self._extra,
        )
        await self._insert(flow)
        url = self._oauth.authorize_url(state=state, code_challenge=pkce.challenge(verifier))
        return Started(flow_id=flow_id, url=url)

    async def cancel(self, user_id: UserId) -> None:
        """Cancel what is pending; its return from Atlassian will then change nothing."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            for flow_id in await flows.cancel_pending(conn, user_id, self._tables):
                await notify(conn, FLOW, flow_id)

    async def _insert(self, flow: flows.NewFlow) -> None:
        async with self._db.transaction(Role.APP, user_id=flow.user_id) as conn:
            await store.serialize(conn, flow.user_id)
            for superseded in await flows.start(conn, self._tables, flow):
                await notify(conn, FLOW, superseded)
            await self._audit.record(
                conn, Event.CONNECTION_CONSENT_STARTED, user_id=flow.user_id, **self._facts
            )


def _require_local(path: str) -> None:
    if not path.startswith("/") or path.startswith("//") or "\\" in path:
        raise InvalidInput("The page to return to must be a path of this server.")

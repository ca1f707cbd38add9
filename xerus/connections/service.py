"""The one object that pages, tools and loops call; it wires the parts of this package."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from xerus.atlassian.limits import AtlassianLimits
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.connections import flows, overview, store
from xerus.connections.authorize import Authorize
from xerus.connections.callback import Callback
from xerus.connections.checks import Checks
from xerus.connections.daily import DailyChecks
from xerus.connections.gate import Gate
from xerus.connections.health import Health
from xerus.connections.provider import Provider
from xerus.connections.refresh import Renewal
from xerus.connections.revoke import Revoke
from xerus.connections.running import Running
from xerus.connections.sealing import Sealer
from xerus.connections.signals import Signals
from xerus.connections.tables import tables_of
from xerus.connections.tokens import LiveConnections
from xerus.connections.user_credentials import RejectionBudget, UserCredentials
from xerus.connections.views import Check, ConnectionView, FlowView, Outcome, Started
from xerus.db.database import Database
from xerus.db.notify import Listener
from xerus.db.roles import Role
from xerus.ids import CloudId, FlowId, SessionId, UserId, secret_hash
from xerus.telemetry import metric_list as names
from xerus.telemetry.metrics import Metrics, Reading
from xerus.vault.service import Vault

_KEEP_FLOWS = timedelta(days=7)


class Connections:
    """People's connections by one link.

    Construct it before the listener is started: it subscribes to two channels.
    """

    def __init__(
        self,
        *,
        provider: Provider,
        db: Database,
        vault: Vault,
        audit: AuditLog,
        listener: Listener,
        running: Running,
        clock: Clock,
        tools_url: str,
        limits: AtlassianLimits | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._tools_url = tools_url
        self._oauth = provider
        link = provider.link
        self._tables = tables = tables_of(link)
        sealer = Sealer(vault=vault, tables=tables)
        self._live = LiveConnections(
            link=link, db=db, sealer=sealer, listener=listener, tools_url=tools_url
        )
        self._signals = Signals(listener=listener)
        self._renewal = Renewal(
            db=db,
            oauth=self._oauth,
            tables=tables,
            sealer=sealer,
            audit=audit,
            signals=self._signals,
            clock=clock,
            tools_url=tools_url,
            metrics=metrics,
        )
        self._health = Health(
            db=db, oauth=self._oauth, sealer=sealer, audit=audit, clock=clock, metrics=metrics
        )
        self._authorize = Authorize(
            db=db, oauth=self._oauth, tables=tables, sealer=sealer, audit=audit, clock=clock
        )
        self._callback = Callback(
            db=db,
            oauth=self._oauth,
            sealer=sealer,
            audit=audit,
            signals=self._signals,
            running=running,
            health=self._health,
            clock=clock,
        )
        self._rejections = RejectionBudget()
        self._checks = Checks(
            link=link,
            db=db,
            running=running,
            health=self._health,
            audit=audit,
            clock=clock,
            credentials_for=self.credentials_for,
        )
        self._daily = DailyChecks(
            db=db,
            provider=provider,
            checks=self._checks,
            gate=self._renewal.gate,
            limits=limits,
            clock=clock,
        )
        self._revoke = Revoke(
            link=link, db=db, live=self._live, running=running, audit=audit, clock=clock
        )

    @property
    def gate(self) -> Gate:
        """The gate of this process before the token endpoint."""
        return self._renewal.gate

    @property
    def configured(self) -> bool:
        """Whether an app is set up there."""
        return self._oauth.configured

    async def begin(
        self, *, user_id: UserId, session_id: SessionId, return_to: str = "/tools"
    ) -> Started:
        """Start an attempt to connect. Raises as `Authorize.begin`."""
        return await self._authorize.begin(
            user_id=user_id, session_id=session_id, return_to=return_to
        )

    async def complete(
        self, *, user_id: UserId, session_id: SessionId, query: Mapping[str, str]
    ) -> Outcome:
        """Finish an attempt to connect; every failure is an outcome in words.

        Raises:
            Unavailable: the database is away.
        """
        return await self._callback.complete(user_id=user_id, session_id=session_id, query=query)

    async def began(self, *, user_id: UserId, session_id: SessionId, state: str) -> bool:
        """Tell whether an attempt with this state was begun here, in this session."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            flow = await flows.by_state(
                conn,
                user_id,
                self._tables,
                session_id,
                secret_hash(state),
                self._clock.now(),
            )
        return flow is not None

    async def choose_site(self, user_id: UserId, cloud_id: CloudId) -> None:
        """Choose the site that tools use. Raises as `Checks.choose_site`."""
        await self._checks.choose_site(user_id, cloud_id)

    async def flow(self, user_id: UserId, flow_id: FlowId | None = None) -> FlowView | None:
        """Return an attempt to connect, the newest when no id is given."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            return await flows.find(conn, user_id, self._tables, flow_id, self._clock.now())

    async def cancel(self, user_id: UserId) -> None:
        """Cancel the pending attempt to connect."""
        await self._authorize.cancel(user_id)

    async def wait_for_change(self, flow_id: FlowId, timeout: float) -> None:
        """Wait until a flow may have changed, two seconds at most.

        Read the flow after each return: a change between two waits is seen then.
        """
        with self._signals.watch(flow_id) as changed:
            await self._signals.pause(changed, timeout)

    def missing(self, granted: frozenset[str]) -> frozenset[str]:
        """Return the scopes that are asked for and not among these."""
        return self._oauth.missing(granted)

    async def view(self, user_id: UserId) -> ConnectionView:
        """Return what the Tools page shows."""
        return await self._health.view(user_id)

    async def disconnect(self, user_id: UserId, *, by_administrator: bool = False) -> None:
        """Erase the person's tokens."""
        await self._revoke.disconnect(user_id, by_administrator=by_administrator)

    async def test(self, user_id: UserId) -> Check:
        """Make a real call now. Raises NotFound when there is nothing to test."""
        return await self._checks.test(user_id)

    def credentials_for(self, user_id: UserId) -> UserCredentials:
        """Return what tools use to act as this person."""
        return UserCredentials(
            user_id=user_id,
            live=self._live,
            renewal=self._renewal,
            rejections=self._rejections,
            provider=self._oauth,
            clock=self._clock,
            tools_url=self._tools_url,
        )

    async def has_company(self, user_id: UserId) -> bool:
        """Tell whether anybody else here is connected with the same account; never who."""
        async with self._db.transaction(Role.WORKER) as conn:
            return await overview.has_company(conn, user_id, self._oauth.link)

    async def count_by_status(self) -> dict[str, int]:
        """Return how many connections of everybody by this link are in each stored status."""
        async with self._db.transaction(Role.WORKER) as conn:
            counts = await store.count_by_status(conn)
        return {status: n for (link, status), n in counts.items() if link is self._oauth.link}

    def readings(self) -> Iterator[Reading]:
        """Yield how this process's gate stands."""
        link, gate = self._oauth.link.value, self.gate
        yield names.GATE_IN_FLIGHT, gate.in_flight, link
        yield names.GATE_OPEN, gate.is_open, link

    async def renew_due(self) -> int:
        """Renew a batch of credentials ahead of time; return how many were tried."""
        return await self._renewal.renew_due()

    async def check_due(self) -> int:
        """Make the real calls that are due, a few; always 0, so that the loop rests between."""
        await self._daily.run()
        return 0

    async def clean_up(self) -> int:
        """Delete attempts to connect that ended long ago; return how many."""
        async with self._db.transaction(Role.WORKER) as conn:
            return await flows.delete_old(conn, self._tables.flows, self._clock.now() - _KEEP_FLOWS)

    async def close(self) -> None:
        """Let exchanges and renewals under way finish, five seconds each at most."""
        await self._callback.close()
        await self._renewal.close()

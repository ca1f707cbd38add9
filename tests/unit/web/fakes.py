"""A small world behind the pages: fakes with state, and the application they are served by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import httpx2
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from tests.unit.web.fake_admin import FakeAdmin
from tests.unit.web.fake_assistant import FakeAssistant
from tests.unit.web.fake_conversations import FakeConversations, FakeSearching, kept_of
from tests.unit.web.fake_oversight import FakeOversight
from tests.unit.web.fake_people import FakePeople
from tests.unit.web.fake_policies import FakePolicies
from tests.unit.web.fake_readiness import FakeReadiness
from tests.unit.web.fake_servers import FakeRemotes, FakeServers
from xerus.accounts.cookies import Cookies
from xerus.accounts.sessions import Session, SessionRow
from xerus.accounts.users import User
from xerus.atlassian.credentials import Product
from xerus.audit.events import Event, Fact
from xerus.audit.log import AuditRow
from xerus.audit.verification import Verdict
from xerus.connections.links import Link
from xerus.connections.views import (
    Check,
    ConnectionView,
    FlowStatus,
    FlowView,
    Outcome,
    Problem,
    Site,
    Started,
    State,
)
from xerus.errors import NotFound, NotSignedIn, Unavailable, UpstreamError
from xerus.grants.administered import (
    PAGE,
    CannotBeAdded,
    ClientList,
    ClientRow,
    Unused,
    Wanted,
)
from xerus.grants.clients import Client, Issued, Source
from xerus.grants.consents import ConsentRow
from xerus.grants.families import FamilyRow
from xerus.ids import ClientId, CloudId, ConnectionId, FamilyId, FlowId, SessionId, UserId
from xerus.notices.notice import Notice
from xerus.notices.outbox import Counts
from xerus.pages.assets import Assets
from xerus.pages.csrf import Csrf
from xerus.pages.errors import ErrorEdge, pass_on
from xerus.pages.headers import SecurityHeaders
from xerus.pages.hosts import HostRule
from xerus.pages.rendering import Pages
from xerus.web import access
from xerus.web.deps import CredentialsMode, WebDeps
from xerus.web.routes import routes

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
BASE = "http://localhost:8000"
ADA = UserId("ada")
GRACE = UserId("grace")
SCOPES = frozenset(
    {
        *("read:me", "offline_access", "read:jira-work", "write:jira-work", "read:jira-user"),
        *("read:page:confluence", "write:page:confluence", "search:confluence"),
    }
)
ACME = Site(
    name="acme",
    url="https://acme.atlassian.net",
    cloud_id=CloudId("cloud-acme"),
    products=frozenset({"jira", "confluence"}),
    chosen=True,
)
LABS = Site(
    name="labs",
    url="https://labs.atlassian.net",
    cloud_id=CloudId("cloud-labs"),
    products=frozenset({"jira"}),
    chosen=False,
)
CONNECTED = ConnectionView(
    state=State.CONNECTED,
    connection_id=ConnectionId("c1"),
    account_email="ada@example.com",
    account_name="Ada Lovelace",
    sites=(ACME, LABS),
    scopes=SCOPES,
    connected_at=NOW - timedelta(days=3),
    access_expires_at=NOW + timedelta(minutes=42),
    reconnect_by=NOW + timedelta(days=362),
    refreshed_at=NOW - timedelta(minutes=18),
    last_ok_at=NOW - timedelta(minutes=2),
)


def problem(code: str, message: str, hint: str) -> Problem:
    return Problem(code=code, message=message, hint=hint, correlation_id="4f9c21ab07de", at=NOW)


def flow(status: FlowStatus, error: Problem | None = None) -> FlowView:
    return FlowView(
        flow_id=FlowId("f1"),
        status=status,
        error=error,
        return_to="/tools",
        created_at=NOW - timedelta(minutes=1),
        expires_at=NOW + timedelta(minutes=9),
    )


class FixedClock:
    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


class FakeSignIn:
    configured = True

    def __init__(self) -> None:
        self.return_to = ""
        self.demanded: set[str] = set()
        self.kept_out: set[str] = set()
        self.provider_sign_out = ""

    async def sign_out_url(self, user_id: UserId) -> str:
        return self.provider_sign_out

    async def is_demanded(self, session_token: str) -> bool:
        return session_token in self.demanded

    async def is_kept_out(self, session_token: str) -> bool:
        return session_token in self.kept_out

    async def begin(
        self, *, browser: str, purpose: Literal["web"], return_to: str, session_token: str
    ) -> str:
        self.return_to = return_to
        return "https://login.example/authorize?state=s"


class FakeLinks:
    def __init__(self, user: User) -> None:
        self._user = user

    async def redeem(self, secret: str, *, address: str) -> User:
        if secret != "good":
            raise NotSignedIn(
                "This sign-in link was used already or has expired.",
                hint="Restart Xerus: it prints a new link.",
            )
        return self._user


class FakeSessions:
    def __init__(self, csrf: Csrf) -> None:
        self._csrf = csrf
        self.live: dict[str, Session] = {}

    def add(self, token: str, user: User) -> Session:
        session_id = SessionId(f"session-{token}")
        session = Session(
            id=session_id, user=user, csrf=self._csrf.token(session_id), created_at=NOW
        )
        self.live[token] = session
        return session

    async def create(self, user_id: UserId, *, user_agent: str, address: str = "") -> SecretStr:
        token = f"new-{user_id}"
        self.add(token, person(user_id))
        return SecretStr(token)

    async def read(self, token: str) -> Session | None:
        return self.live.get(token)

    async def end(self, session_id: SessionId, user_id: UserId) -> None:
        self.live = {t: s for t, s in self.live.items() if s.id != session_id}

    async def of(self, user_id: UserId) -> Sequence[SessionRow]:
        return [
            SessionRow(
                id=session.id,
                user_agent="Firefox on Linux",
                created_at=session.created_at,
                last_seen_at=NOW - timedelta(minutes=5),
            )
            for session in self.live.values()
            if session.user.id == user_id
        ]


class FakeGrants:
    def __init__(self) -> None:
        self.held: dict[FamilyId, tuple[UserId, FamilyRow]] = {}

    def add(self, family_id: str, user_id: UserId, name: str, *redirect_uris: str) -> None:
        row = FamilyRow(
            id=FamilyId(family_id),
            client_id=f"client-{family_id}",
            client_name=name,
            redirect_uris=redirect_uris,
            scopes=frozenset({"jira:read", "jira:write", "confluence:read"}),
            created_at=NOW - timedelta(days=3),
            used_at=NOW - timedelta(minutes=2),
        )
        self.held[row.id] = (user_id, row)

    async def of(self, user_id: UserId) -> Sequence[FamilyRow]:
        return [row for owner, row in self.held.values() if owner == user_id]

    async def end(self, family_id: FamilyId, user_id: UserId) -> None:
        if family_id not in {row.id for row in await self.of(user_id)}:
            raise NotFound("This grant is over already.")
        del self.held[family_id]


class FakeConsents:
    def __init__(self) -> None:
        self.held: dict[str, tuple[UserId, ConsentRow]] = {}

    def add(self, consent_id: str, user_id: UserId, name: str, redirect_uri: str) -> None:
        row = ConsentRow(
            id=consent_id,
            client_name=name,
            redirect_uri=redirect_uri,
            scopes=frozenset({"jira:read"}),
            created_at=NOW - timedelta(days=3),
            used_at=None,
        )
        self.held[row.id] = (user_id, row)

    async def of(self, user_id: UserId) -> Sequence[ConsentRow]:
        return [row for owner, row in self.held.values() if owner == user_id]

    async def forget(self, consent_id: str, user_id: UserId) -> bool:
        owned = consent_id in {row.id for row in await self.of(user_id)}
        if owned:
            del self.held[consent_id]
        return owned


class FakeClients:
    def __init__(self) -> None:
        self.rows: dict[str, ClientRow] = {}
        self.wanted = Wanted()
        self.calls: list[tuple[str, str, UserId]] = []

    def put(
        self,
        client_id: str,
        name: str,
        source: Source,
        *,
        confidential: bool = False,
        is_used: bool = True,
    ) -> None:
        self.rows[client_id] = ClientRow(
            id=client_id,
            name=name,
            source=source,
            confidential=confidential,
            redirect_uris=("https://app.example.com/callback", "http://127.0.0.1/callback"),
            created_at=NOW - timedelta(days=9 if is_used else 40),
            used_at=NOW - timedelta(hours=2) if is_used else None,
            people=2 if is_used else 0,
        )

    async def found(self, wanted: Wanted) -> ClientList:
        self.wanted = wanted
        rows = [
            row
            for row in self.rows.values()
            if wanted.words.lower() in row.name.lower()
            and wanted.source in {None, row.source}
            and not (wanted.never_used and row.used_at)
        ]
        begins = (wanted.page - 1) * PAGE
        return ClientList(rows=rows[begins : begins + PAGE], total=len(rows), page=wanted.page)

    async def unused(self) -> Unused:
        names = [row.name for row in self.rows.values() if row.used_at is None]
        return Unused(before=NOW - timedelta(days=30), names=names, total=len(names))

    async def remove_unused(self, before: datetime, *, by: UserId) -> int:
        gone = [key for key, row in self.rows.items() if row.used_at is None]
        for key in gone:
            del self.rows[key]
        self.calls.append(("remove_unused", before.isoformat(), by))
        return len(gone)

    async def get(self, client_id: str) -> ClientRow:
        if client_id not in self.rows:
            raise NotFound("There is no such client that could be changed here.")
        return self.rows[client_id]

    async def add(
        self, name: str, redirect_uris: Sequence[str], *, confidential: bool, by: UserId
    ) -> Issued:
        if not name or not redirect_uris:
            raise CannotBeAdded(("The name is missing.", "An address is missing."))
        self.put("added", name, "administrator", confidential=confidential)
        self.calls.append(("add", name, by))
        return self._issued("added")

    async def new_secret(self, client_id: str, *, by: UserId) -> Issued:
        self.calls.append(("new_secret", client_id, by))
        return self._issued(client_id)

    async def remove(self, client_id: str, *, by: UserId) -> None:
        self.calls.append(("remove", client_id, by))
        del self.rows[client_id]

    def _issued(self, client_id: str) -> Issued:
        row = self.rows[client_id]
        client = Client(
            id=ClientId(client_id),
            name=row.name,
            auth_method="client_secret_basic" if row.confidential else "none",
            redirect_uris=row.redirect_uris,
            scopes=frozenset({"jira:read"}),
            source="administrator",
            created_at=NOW,
        )
        secret = SecretStr("shown-once") if row.confidential else None
        return Issued(client=client, secret=secret, management_token=None)


class FakeConnections:
    def __init__(self) -> None:
        self.shown = ConnectionView(state=State.NOT_CONNECTED)
        self.newest: FlowView | None = None
        self.next_view: ConnectionView | None = None
        self.outcome: Outcome | None = None
        self.checked = Check(
            ok=True, seconds=0.31, products=frozenset({"jira", "confluence"}), error=None
        )
        self.calls: list[tuple[str, Any]] = []
        self.configured = True
        self.in_company = False
        self.states: set[str] = set()

    async def began(self, *, user_id: UserId, session_id: SessionId, state: str) -> bool:
        return state in self.states

    async def begin(self, *, user_id: UserId, session_id: SessionId, return_to: str) -> Started:
        self.calls.append(("begin", return_to))
        self.newest = flow(FlowStatus.PENDING)
        return Started(flow_id=FlowId("f1"), url="https://auth.example/authorize?state=x")

    async def complete(
        self, *, user_id: UserId, session_id: SessionId, query: Mapping[str, str]
    ) -> Outcome:
        assert self.outcome is not None
        return self.outcome

    async def choose_site(self, user_id: UserId, cloud_id: CloudId) -> None:
        if cloud_id not in {site.cloud_id for site in self.shown.sites}:
            raise NotFound("That site is not among yours.")
        self.calls.append(("choose_site", cloud_id))
        sites = tuple(replace(s, chosen=s.cloud_id == cloud_id) for s in self.shown.sites)
        self.shown = replace(self.shown, sites=sites, state=State.CONNECTED)

    async def flow(self, user_id: UserId, flow_id: FlowId | None = None) -> FlowView | None:
        return self.newest

    async def cancel(self, user_id: UserId) -> None:
        self.newest = flow(FlowStatus.CANCELLED)

    async def wait_for_change(self, flow_id: FlowId, timeout: float) -> None:
        self.newest = flow(FlowStatus.CONNECTED)
        self.shown = CONNECTED

    async def view(self, user_id: UserId) -> ConnectionView:
        return self.shown

    async def has_company(self, user_id: UserId) -> bool:
        return self.in_company

    async def disconnect(self, user_id: UserId) -> None:
        self.calls.append(("disconnect", user_id))
        self.shown = ConnectionView(state=State.DISCONNECTED)

    async def test(self, user_id: UserId) -> Check:
        return self.checked


class FakeAudit:
    def __init__(self) -> None:
        self.rows: list[AuditRow] = []
        self.verdict = Verdict(sound=True, events=128, checkpoints=3)
        self.broken = False
        self.failing: Exception | None = None
        self.written: list[tuple[Event, UserId | None, dict[str, Fact]]] = []

    async def append(self, event: Event, *, user_id: UserId | None = None, **facts: Fact) -> None:
        if self.broken:
            raise Unavailable("The database does not answer.")
        self.written.append((event, user_id, facts))

    async def recent(
        self, user_id: UserId, *, limit: int = 50, before: datetime | None = None
    ) -> Sequence[AuditRow]:
        if self.failing is not None:
            raise self.failing
        return [row for row in self.rows if before is None or row.at < before][:limit]

    async def verify(self) -> Verdict:
        return self.verdict


class FakeNotices:
    def __init__(self) -> None:
        self.shown: list[Notice] = []
        self.put_aways: list[tuple[UserId, str]] = []

    async def of(self, user: User) -> Sequence[Notice]:
        return self.shown

    async def put_away(self, user: User, cause: str) -> None:
        self.put_aways.append((user.id, cause))


class FakeMail:
    def __init__(self) -> None:
        self.configured = False
        self.choices: dict[UserId, bool] = {}
        self.tested: list[str] = []
        self.trouble: UpstreamError | None = None
        self.shown = Counts(waiting=1, sent=12, failed=0, last_error="")

    async def wanted(self, user_id: UserId) -> bool:
        return self.choices.get(user_id, True)

    async def choose(self, user_id: UserId, *, wants: bool) -> None:
        self.choices[user_id] = wants

    async def counts(self) -> Counts:
        return self.shown

    async def test(self, user: User) -> None:
        if self.trouble:
            raise self.trouble
        self.tested.append(user.email)


def person(user_id: UserId = ADA) -> User:
    return User(
        id=user_id,
        tenant="t",
        subject=user_id,
        email=f"{user_id}@example.com",
        name={"ada": "Ada Lovelace", "grace": "Grace Hopper"}.get(user_id, user_id),
        is_admin=user_id == ADA,
    )


@dataclass
class World:
    """The fakes, the application and a client for it."""

    mode: CredentialsMode = "user"
    base: str = BASE
    connections: FakeConnections = field(default_factory=FakeConnections)
    others: dict[Link, "FakeConnections"] = field(default_factory=dict)
    grants: FakeGrants = field(default_factory=FakeGrants)
    consents: FakeConsents = field(default_factory=FakeConsents)
    clients: FakeClients = field(default_factory=FakeClients)
    servers: FakeServers = field(default_factory=FakeServers)
    remotes: FakeRemotes = field(default_factory=FakeRemotes)
    assistant: FakeAssistant = field(default_factory=lambda: FakeAssistant(ADA))
    policies: FakePolicies = field(default_factory=FakePolicies)
    audit: FakeAudit = field(default_factory=FakeAudit)
    admin: FakeAdmin = field(default_factory=lambda: FakeAdmin(NOW))
    people: FakePeople = field(default_factory=FakePeople)
    readiness: FakeReadiness = field(default_factory=FakeReadiness)
    oversight: FakeOversight = field(default_factory=FakeOversight)
    notices: FakeNotices = field(default_factory=FakeNotices)
    mail: FakeMail = field(default_factory=FakeMail)
    clock: FixedClock = field(default_factory=FixedClock)
    sign_in: FakeSignIn = field(default_factory=FakeSignIn)

    def __post_init__(self) -> None:
        csrf = Csrf(b"k" * 32)
        self.conversations = FakeConversations(ADA, NOW, self.assistant.entries)
        self.searching = FakeSearching(self.conversations)
        self.kept = kept_of(self.conversations, self.searching)
        self.sessions = FakeSessions(csrf)
        self.ada = self.sessions.add("ada-token", person(ADA))
        self.grace = self.sessions.add("grace-token", person(GRACE))
        assets = Assets()
        self.pages = Pages(assets=assets, clock=self.clock)
        self.deps = WebDeps(
            pages=self.pages,
            csrf=csrf,
            cookies=Cookies(https=False),
            sessions=self.sessions,
            grants=self.grants,
            consents=self.consents,
            clients=self.clients,
            sign_in=self.sign_in,
            local_links=FakeLinks(person(ADA)),
            links={Link.CLOUD: self.connections, **self.others},
            servers=self.servers,
            remotes=self.remotes,
            assistant=self.assistant,
            policies=self.policies,
            kept=self.kept,
            audit=self.audit,
            admin=self.admin,
            people=self.people,
            readiness=self.readiness,
            oversight=self.oversight.services(),
            notices=self.notices,
            mail=self.mail,
            clock=self.clock,
            public_url=self.base,
            credentials_mode=self.mode,
            shared_products=frozenset(Product),
        )
        self.app = Starlette(
            routes=[assets.route(), *routes(self.deps)],
            exception_handlers={HTTPException: pass_on},
            middleware=[
                Middleware(SecurityHeaders, https=False),
                Middleware(HostRule, public_url=self.base),
                Middleware(
                    ErrorEdge,
                    pages=self.pages,
                    viewer_of=lambda request: access.viewer_of(
                        request, cookies=self.deps.cookies, sessions=self.deps.sessions
                    ),
                ),
            ],
        )

    def client(self, token: str = "ada-token") -> httpx2.AsyncClient:
        """A browser without scripts, signed in with a session cookie ('' for none)."""
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.app),
            base_url=self.base,
            cookies={"xerus_session": token} if token else None,
            headers={"Accept": "text/html"},
        )

    def form(self, **fields: str) -> dict[str, str]:
        """The fields of one of Ada's forms."""
        return {"csrf": self.ada.csrf, **fields}

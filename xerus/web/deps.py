"""What the pages call, as narrow as they need it; `app` passes the real services."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

from pydantic import SecretStr
from starlette.requests import Request

from xerus.accounts.cookies import Cookies
from xerus.accounts.people import PersonRow
from xerus.accounts.sessions import Session, SessionRow
from xerus.accounts.users import User
from xerus.assistant.model_use import ModelsBy, ModelUsed
from xerus.atlassian.credentials import Product
from xerus.atlassian.ledger import Use
from xerus.audit.events import Event, Fact
from xerus.audit.log import AuditRow
from xerus.audit.use import By, Day, Only, Used
from xerus.audit.verification import Verdict
from xerus.clock import Clock
from xerus.connections.links import Link
from xerus.connections.overview import Cause, Concerned, SharedAccount
from xerus.connections.views import Check, ConnectionView, FlowView, Outcome, Started
from xerus.grants.administered import ClientList, ClientRow, Unused, Wanted
from xerus.grants.clients import Issued
from xerus.grants.consents import ConsentRow
from xerus.grants.families import FamilyRow
from xerus.ids import CloudId, FamilyId, FlowId, SessionId, UserId
from xerus.notices.notice import Notice
from xerus.notices.outbox import Counts
from xerus.pages.csrf import Csrf
from xerus.pages.rendering import Pages
from xerus.vault.store import KeyRow
from xerus.web.assistant_deps import AssistantService
from xerus.web.checklist import Readiness
from xerus.web.kept import Kept
from xerus.web.oversight import Oversight
from xerus.web.people_deps import PeopleService
from xerus.web.policy_deps import PolicyService
from xerus.web.server_deps import RemoteService, ServerAdministration

CredentialsMode = Literal["user", "shared", "user-then-shared"]


class SignInService(Protocol):
    """`accounts.signin.SignIn`."""

    @property
    def configured(self) -> bool:
        """Whether there is an identity provider."""

    async def begin(
        self, *, browser: str, purpose: Literal["web"], return_to: str, session_token: str
    ) -> str:
        """Return the identity provider's URL."""

    async def sign_out_url(self, user_id: UserId) -> str:
        """Return where the person signs out of the identity provider too, '' if nowhere."""

    async def is_demanded(self, session_token: str) -> bool:
        """Tell whether the provider ended this session to see the person again."""

    async def is_kept_out(self, session_token: str) -> bool:
        """Tell whether an administrator keeps the person of this session out."""


class LocalLinks(Protocol):
    """`accounts.local.LocalSignIn`."""

    async def redeem(self, secret: str, *, address: str) -> User:
        """Use a one-time link."""


class SessionService(Protocol):
    """`accounts.sessions.Sessions`."""

    async def create(self, user_id: UserId, *, user_agent: str, address: str = "") -> SecretStr:
        """Start a session and return its cookie value."""

    async def read(self, token: str) -> Session | None:
        """Return the live session of a cookie value."""

    async def end(self, session_id: SessionId, user_id: UserId) -> None:
        """End a session everywhere."""

    async def of(self, user_id: UserId) -> Sequence[SessionRow]:
        """Return a person's live sessions, the last seen first."""


class GrantService(Protocol):
    """`grants.families.Families`."""

    async def of(self, user_id: UserId) -> Sequence[FamilyRow]:
        """Return what MCP clients of a person were given, the last used first."""

    async def end(self, family_id: FamilyId, user_id: UserId) -> None:
        """Revoke a grant everywhere; raises NotFound if it is not theirs or over already."""


class ConsentService(Protocol):
    """`grants.consents.Consents`."""

    async def of(self, user_id: UserId) -> Sequence[ConsentRow]:
        """Return what a person is not asked again, the last used first."""

    async def forget(self, consent_id: str, user_id: UserId) -> bool:
        """Ask this person again next time."""


class ClientAdministration(Protocol):
    """`grants.administered.AdministeredClients`."""

    async def found(self, wanted: Wanted) -> ClientList:
        """Return a page of the clients that fit."""

    async def unused(self) -> Unused:
        """Return the registrations of over 30 days ago that nobody used."""

    async def remove_unused(self, before: datetime, *, by: UserId) -> int:
        """Delete those that registered before; return how many."""

    async def get(self, client_id: str) -> ClientRow:
        """Return a client; raises NotFound."""

    async def add(
        self, name: str, redirect_uris: Sequence[str], *, confidential: bool, by: UserId
    ) -> Issued:
        """Register a client; raises CannotBeAdded with all that is wrong."""

    async def new_secret(self, client_id: str, *, by: UserId) -> Issued:
        """Give a client another secret in place of the one it has."""

    async def remove(self, client_id: str, *, by: UserId) -> None:
        """Delete a client and end its grants everywhere; raises NotFound."""


class ConnectionService(Protocol):
    """`connections.service.Connections` of one link."""

    @property
    def configured(self) -> bool:
        """Whether an app is set up there."""

    async def began(self, *, user_id: UserId, session_id: SessionId, state: str) -> bool:
        """Tell whether an attempt with this state was begun here, in this session."""

    async def begin(self, *, user_id: UserId, session_id: SessionId, return_to: str) -> Started:
        """Start an attempt to connect."""

    async def complete(
        self, *, user_id: UserId, session_id: SessionId, query: Mapping[str, str]
    ) -> Outcome:
        """Finish an attempt with what Atlassian sent back."""

    async def choose_site(self, user_id: UserId, cloud_id: CloudId) -> None:
        """Use this site when none is named."""

    async def flow(self, user_id: UserId, flow_id: FlowId | None = None) -> FlowView | None:
        """Return an attempt of this person, the newest by default."""

    async def cancel(self, user_id: UserId) -> None:
        """Give up open attempts."""

    async def wait_for_change(self, flow_id: FlowId, timeout: float) -> object:
        """Return when the attempt changed, or after `timeout` seconds."""

    async def view(self, user_id: UserId) -> ConnectionView:
        """Return what there is to show."""

    async def has_company(self, user_id: UserId) -> bool:
        """Tell whether anybody else is connected with the same account."""

    async def disconnect(self, user_id: UserId) -> None:
        """Erase the tokens."""

    async def test(self, user_id: UserId) -> Check:
        """Make a real call."""


class AuditService(Protocol):
    """`audit.log.AuditLog`."""

    async def append(self, event: Event, *, user_id: UserId | None = None, **facts: Fact) -> None:
        """Write an event; return once it is durable."""

    async def recent(
        self, user_id: UserId, *, limit: int = 50, before: datetime | None = None
    ) -> Sequence[AuditRow]:
        """Return a person's own events, newest first."""

    async def verify(self) -> Verdict:
        """Read the whole chain."""


class UseService(Protocol):
    """`audit.use.ToolUse`."""

    async def by(self, what: By, only: Only) -> Sequence[Used]:
        """Return what was used most."""

    async def days(self, only: Only) -> Sequence[Day]:
        """Return the calls of each day, the newest first."""


class ModelUseService(Protocol):
    """`assistant.model_use.ModelUse`."""

    async def by(
        self, what: ModelsBy, *, since: date, person: UserId | None = None
    ) -> Sequence[ModelUsed]:
        """Return what the chat's models were used for, the most tokens first."""


class ProcessRow(Protocol):
    """`app.heartbeat.ProcessRow`: a process of Xerus as it was when it was heard of last."""

    @property
    def place(self) -> str:
        """Its machine and number."""

    @property
    def roles(self) -> Sequence[str]:
        """What it serves."""

    @property
    def started_at(self) -> datetime:
        """When it began."""

    @property
    def seen_at(self) -> datetime:
        """When it was heard of last."""

    @property
    def is_silent(self) -> bool:
        """Whether that is longer ago than it should be."""

    @property
    def listens(self) -> bool:
        """Whether notifications reach it."""

    @property
    def gates(self) -> Mapping[str, tuple[int, bool]]:
        """For each link the renewals under way, and whether its token endpoint is asked."""


class AdminService(Protocol):
    """What administrators see of everybody; no tokens, no conversations."""

    async def people(self, words: str) -> Sequence[PersonRow]:
        """Return whose name or e-mail has `words`, of those who have signed in."""

    async def named(self, user_ids: Collection[UserId]) -> Mapping[UserId, PersonRow]:
        """Return those of these people that there are."""

    async def atlassian_usage(self) -> Sequence[Use]:
        """Return the use of each hourly quota of Atlassian's that was touched in this hour."""

    def atlassian_held(self) -> Mapping[tuple[Product, str], datetime]:
        """Return until when nothing is sent, by product and site; '' for all sites."""

    @property
    def use(self) -> UseService:
        """Who uses what."""

    @property
    def model_use(self) -> ModelUseService:
        """Who uses which model."""

    async def connection_states(self) -> Mapping[tuple[Link, str], int]:
        """Return how many connections are in each state."""

    async def server_states(self) -> Sequence[tuple[str, str, int]]:
        """Return how many connections to each MCP server are in each state."""

    async def causes(self) -> Sequence[Cause]:
        """Return why connections fail at present."""

    async def concerned(self, link: Link, code: str) -> Sequence[Concerned]:
        """Return whom a cause concerns."""

    async def shared_accounts(self) -> Sequence[SharedAccount]:
        """Return the Atlassian accounts that several people use."""

    async def keys(self) -> Sequence[KeyRow]:
        """Return the keys, with what is on each."""

    async def processes(self) -> Sequence[ProcessRow]:
        """Return the processes that run."""


class NoticeService(Protocol):
    """`notices.service.Notices`."""

    async def of(self, user: User) -> Sequence[Notice]:
        """Return what a person has not put away, the worst first."""

    async def put_away(self, user: User, cause: str) -> None:
        """Hide a notice from this person."""


class MailService(Protocol):
    """`notices.mailing.Mailing`."""

    @property
    def configured(self) -> bool:
        """Whether there is a server to hand mail in at."""

    async def wanted(self, user_id: UserId) -> bool:
        """Tell whether a person wants mail."""

    async def choose(self, user_id: UserId, *, wants: bool) -> None:
        """Remember whether a person wants mail."""

    async def counts(self) -> Counts:
        """Return how mail goes."""

    async def test(self, user: User) -> None:
        """Send an administrator a message at once; raises what went wrong."""


@dataclass(frozen=True, kw_only=True)
class WebDeps:
    """Everything the pages are given.

    Attributes:
        links: people's connections; Cloud is always among them.
        public_url: the one base URL, without a trailing slash.
        shared_products: those that the operator set a token for.
        closing: set when this process is about to stop; a stream then ends, and is opened again at
            another process.
    """

    pages: Pages
    csrf: Csrf
    cookies: Cookies
    sessions: SessionService
    grants: GrantService
    consents: ConsentService
    clients: ClientAdministration
    sign_in: SignInService
    local_links: LocalLinks
    links: Mapping[Link, ConnectionService]
    servers: ServerAdministration
    remotes: RemoteService
    assistant: AssistantService
    policies: PolicyService
    kept: Kept
    audit: AuditService
    admin: AdminService
    people: PeopleService
    readiness: Readiness
    oversight: Oversight
    notices: NoticeService
    mail: MailService
    clock: Clock
    public_url: str
    credentials_mode: CredentialsMode
    shared_products: frozenset[Product] = frozenset()
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def cloud(self) -> ConnectionService:
        """Connections to Atlassian Cloud, set up or not."""
        return self.links[Link.CLOUD]

    @property
    def offered(self) -> Sequence[Link]:
        """The links that people can use; Cloud, which says what is missing, where there is none."""
        return [link for link, one in self.links.items() if one.configured] or [Link.CLOUD]

    @property
    def https(self) -> bool:
        """Whether people reach this server by https."""
        return self.public_url.startswith("https:")

    async def session_of(self, request: Request) -> Session | None:
        """Return the live session of a request."""
        token = self.cookies.session_token(request)
        return await self.sessions.read(token) if token else None

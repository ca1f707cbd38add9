"""What pages and scripts see of a connection: no token, no state, no verifier ever stands here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from xerus.ids import CloudId, ConnectionId, FlowId


class State(StrEnum):
    """The one word that a connection's card shows."""

    NOT_CONFIGURED = "not_configured"
    NOT_CONNECTED = "not_connected"
    CONNECTING = "connecting"
    CHOOSING_SITE = "choosing_site"
    CONNECTED = "connected"
    REFRESHING = "refreshing"
    EXPIRING_SOON = "expiring_soon"
    NEEDS_RECONNECT = "needs_reconnect"
    DEGRADED = "degraded"
    DISCONNECTED = "disconnected"


class CheckOutcome(StrEnum):
    """What real calls to the products of a site came to: of each, of some, a no, or no verdict."""

    OK = "ok"
    PARTIAL = "partial"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"


class FlowStatus(StrEnum):
    """How far one attempt to connect has come."""

    PENDING = "pending"
    EXCHANGING = "exchanging"
    CHOOSING_SITE = "choosing_site"
    CONNECTED = "connected"
    DENIED = "denied"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


OPEN_STATUSES = frozenset({FlowStatus.PENDING, FlowStatus.EXCHANGING})


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A failure in words: what happened, what to do next, and an id to read out to support."""

    code: str
    message: str
    hint: str
    correlation_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Site:
    """One Atlassian site that the person's grant reaches; products are "jira", "confluence"."""

    name: str
    url: str
    cloud_id: CloudId
    products: frozenset[str]
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class Started:
    """A new attempt to connect: send the browser to `url`."""

    flow_id: FlowId
    url: str


@dataclass(frozen=True, kw_only=True)
class FlowView:
    """One attempt to connect. `error` is set for denied, failed, superseded and expired."""

    flow_id: FlowId
    status: FlowStatus
    error: Problem | None
    return_to: str
    created_at: datetime
    expires_at: datetime

    @property
    def open(self) -> bool:
        """Whether something may still happen without a new attempt."""
        return self.status in OPEN_STATUSES


@dataclass(frozen=True, kw_only=True)
class ConnectionView:
    """Everything that the Tools page shows about a person's link to Atlassian.

    Attributes:
        cause, hint: why the state is not plainly "connected", and the next step; may be empty.
        since: when the state began; of a connection that works, the last call that succeeded. None
            where nothing began.
        replaced_account: the account that this one took the place of, '' if none.
        scopes, missing_scopes: granted by Atlassian, and asked for but not granted.
        reconnect_by: Atlassian ends a grant 365 days after consent whatever we do.
        refreshed_at: when the present access token was issued.
        last_ok_at: the last real call to Jira or Confluence seen to succeed by a check.
        last_error: what went wrong last and is not over; `failing_since` when that began.
        checked_at, check_seconds: when the last check was made, and how long it took.
        retry_at: when the next renewal may be tried, after a failed one.
        ended_at, access_until: when the person disconnected, and until when the access token that
            was erased then would have been of use.
    """

    state: State
    cause: str = ""
    hint: str = ""
    since: datetime | None = None
    replaced_account: str = ""
    connection_id: ConnectionId | None = None
    account_email: str = ""
    account_name: str = ""
    sites: tuple[Site, ...] = ()
    scopes: frozenset[str] = frozenset()
    missing_scopes: frozenset[str] = frozenset()
    connected_at: datetime | None = None
    access_expires_at: datetime | None = None
    reconnect_by: datetime | None = None
    refreshed_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_error: Problem | None = None
    failing_since: datetime | None = None
    checked_at: datetime | None = None
    check_seconds: float | None = None
    retry_at: datetime | None = None
    ended_at: datetime | None = None
    access_until: datetime | None = None

    @property
    def usable(self) -> bool:
        """Whether tools can be expected to work right now."""
        return self.state in {State.CONNECTED, State.REFRESHING, State.EXPIRING_SOON}

    @property
    def chosen_site(self) -> Site | None:
        """The site that tools use when none is named."""
        return next((site for site in self.sites if site.chosen), None)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a return from Atlassian ended: connected, choosing_site, denied or failed."""

    status: FlowStatus
    flow_id: FlowId | None
    view: ConnectionView
    return_to: str = "/tools"
    error: Problem | None = None


@dataclass(frozen=True, kw_only=True)
class Check:
    """The result of "Test now": one real call to each product of the chosen site."""

    ok: bool
    seconds: float
    products: frozenset[str]
    error: Problem | None = None

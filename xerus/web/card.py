"""What the card of a link shows for each state of a connection, in words."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from xerus.atlassian.credentials import Product
from xerus.connections.links import Link
from xerus.connections.views import ConnectionView, FlowStatus, FlowView, Site, State
from xerus.pages.help_links import help_for
from xerus.web.deps import CredentialsMode
from xerus.web.permissions import in_short
from xerus.web.standing import Standing, standing_of

_NEWS_LASTS = timedelta(minutes=15)
_PARTING_LASTS = timedelta(days=1)
APPS_AT_ATLASSIAN = "https://id.atlassian.com/manage-profile/apps"


@dataclass(frozen=True)
class Badge:
    """A word with an icon and a colour; the colour never stands alone."""

    word: str
    icon: str
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One thing to know, with one next step."""

    kind: str
    title: str
    text: str = ""
    correlation_id: str = ""
    at: datetime | None = None
    help: str = ""
    """The name of the answer under `/help`."""
    leads_to: tuple[str, str] | None = None
    """The words and the address of a link to another site."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """The card of one link.

    Attributes:
        name: what people call it.
        slug: names it in ids.
        base: the path of its pages; `path` is that of the card alone.
        version: changes whenever a new look is due.
        says: what it is for, in a sentence.
        is_shared: the operator's token serves everybody, so that nobody's own state matters.
        in_window: whether connecting opens a window.
        handed_to: the host that is handed the person's Atlassian token with each call, '' for none.
    """

    name: str
    slug: str
    base: str
    path: str
    version: str
    says: str
    is_shared: bool
    badge: Badge
    notice: Notice | None
    actions: frozenset[str]
    pending: bool
    account_email: str
    site_names: tuple[str, ...]
    permissions: tuple[str, ...]
    access_expires_at: datetime | None
    reconnect_by: datetime | None
    sites_to_choose: tuple[Site, ...]
    standing: Standing
    in_window: bool = True
    handed_to: str = ""

    @property
    def starts(self) -> bool:
        """Whether a button of the card opens the window."""
        return bool(self.actions & {"configure", "reconnect", "reconnect-first"})

    @property
    def starts_first(self) -> bool:
        """Whether opening the window is the next step."""
        return bool(self.actions & {"configure", "reconnect-first"})

    @property
    def announcement(self) -> str:
        """What a screen reader is told when the card changes."""
        if self.notice is None:
            return f"{self.name}: {self.badge.word}."
        return f"{self.notice.title} {self.notice.text}".strip()


BADGES = {
    State.NOT_CONFIGURED: Badge("Not set up", "ban"),
    State.NOT_CONNECTED: Badge("Not connected", "unplug"),
    State.DISCONNECTED: Badge("Disconnected", "unplug"),
    State.CONNECTING: Badge("Connecting", "loader-circle", "busy"),
    State.CHOOSING_SITE: Badge("Choose a site", "globe", "warn"),
    State.CONNECTED: Badge("Connected", "circle-check", "ok"),
    State.REFRESHING: Badge("Renewing", "refresh-cw", "busy"),
    State.EXPIRING_SOON: Badge("Expires soon", "clock", "warn"),
    State.NEEDS_RECONNECT: Badge("Reconnect needed", "triangle-alert", "bad"),
    State.DEGRADED: Badge("Atlassian has trouble", "triangle-alert", "warn"),
}
_SHARED = Badge("Shared service token (set by your administrator)", "users")

ACTIONS = {
    State.NOT_CONFIGURED: frozenset[str](),
    State.NOT_CONNECTED: frozenset({"configure"}),
    State.DISCONNECTED: frozenset({"configure"}),
    State.CONNECTING: frozenset({"waiting"}),
    State.CHOOSING_SITE: frozenset({"reconnect", "disconnect"}),
    State.CONNECTED: frozenset({"manage", "reconnect", "disconnect"}),
    State.REFRESHING: frozenset({"manage", "reconnect", "disconnect"}),
    State.EXPIRING_SOON: frozenset({"reconnect-first", "manage", "disconnect"}),
    State.NEEDS_RECONNECT: frozenset({"reconnect-first", "manage", "disconnect"}),
    State.DEGRADED: frozenset({"manage", "reconnect", "disconnect"}),
}


_SAYS = {
    Link.CLOUD: "Search, read, create and change Jira issues and Confluence pages.",
    Link.JIRA: "Search, read, create and change issues of your company's own Jira.",
    Link.CONFLUENCE: "Search, read, create and change pages of your company's own Confluence.",
}


_SAYS_OF_ONE = {
    Product.JIRA: "Search, read, create and change Jira issues.",
    Product.CONFLUENCE: "Search, read, create and change Confluence pages.",
}


def slug_of(link: Link) -> str:
    """Return what names a link in paths and ids."""
    return "atlassian" if link is Link.CLOUD else link.value


def base_of(link: Link) -> str:
    """Return the path of a link's pages."""
    return f"/connections/{slug_of(link)}"


def card_for(
    link: Link,
    view: ConnectionView,
    flow: FlowView | None,
    *,
    mode: CredentialsMode,
    now: datetime,
    shared_products: frozenset[Product] = frozenset(Product),
) -> Card:
    """Return the card for a connection and the newest attempt to connect.

    `shared_products` are those that the operator set a token for.
    """
    waiting = flow is not None and flow.open and view.state is not State.NOT_CONFIGURED
    shared = mode == "shared"
    behind = link.products & shared_products if mode != "user" else frozenset[Product]()
    actions = frozenset({"waiting"}) if waiting else ACTIONS[view.state]
    choosing = view.state is State.CHOOSING_SITE and not waiting
    return Card(
        name=link.label,
        slug=slug_of(link),
        base=base_of(link),
        path=f"/tools/{slug_of(link)}",
        version=version_of(view, flow),
        says=_says(link, behind if shared else link.products),
        is_shared=shared,
        badge=_shared_badge(behind) if shared else badge_of(view, waiting=waiting),
        notice=(_parting(link, view, behind, now=now) or _shared_notice(link, view, behind))
        if shared
        else _notice(link, view, flow, behind, now=now),
        # What a person connected before is still theirs to end.
        actions=actions & {"disconnect"} if shared else actions,
        pending=waiting and not shared,
        account_email="" if shared else view.account_email,
        site_names=() if choosing or shared else _site_names(view),
        permissions=tuple(in_short(view.scopes)),
        access_expires_at=_ahead(view.access_expires_at, now) if view.usable else None,
        reconnect_by=view.reconnect_by if view.usable else None,
        sites_to_choose=view.sites if choosing and not shared else (),
        standing=standing_of(link.label, view, now=now),
    )


def _ahead(at: datetime | None, now: datetime) -> datetime | None:
    return at if at is not None and at > now else None


def version_of(view: ConnectionView, flow: FlowView | None) -> str:
    """Return a text that changes when the card looks different."""
    attempt = f"{flow.flow_id}.{flow.status}" if flow else "none"
    return f"{view.state}.{view.account_email}.{len(view.sites)}.{attempt}"


def _says(link: Link, products: frozenset[Product]) -> str:
    return _SAYS_OF_ONE[min(products)] if products < link.products and products else _SAYS[link]


def _shared_badge(products: frozenset[Product]) -> Badge:
    return _SHARED if products else BADGES[State.NOT_CONFIGURED]


def badge_of(view: ConnectionView, *, waiting: bool = False) -> Badge:
    """Return the badge of a connection; `waiting` while an attempt to connect is open."""
    return BADGES[State.CONNECTING] if waiting else BADGES[view.state]


def _site_names(view: ConnectionView) -> tuple[str, ...]:
    chosen = view.chosen_site
    names = [site.name for site in view.sites if not site.chosen]
    if chosen is None:
        return tuple(names)
    return (f"{chosen.name} (in use)" if names else chosen.name, *names)


def _notice(
    link: Link,
    view: ConnectionView,
    flow: FlowView | None,
    behind: frozenset[Product],
    *,
    now: datetime,
) -> Notice | None:
    """Return what is new or to be known; `behind` is what the operator's token serves meanwhile."""
    fresh = flow if flow and now - flow.created_at < _NEWS_LASTS else None
    parting = _parting(link, view, behind, now=now)
    if fresh is not None and not (parting and view.ended_at and view.ended_at >= fresh.created_at):
        told = _news(link, view, fresh)
        if told is not None:
            return told
    standing = parting or _standing(link, view)
    if standing is None and behind and not view.usable:
        served = "" if behind == link.products else f" for {_named(behind)}"
        return Notice(
            kind="busy",
            title=f"The shared service token is used{served} until you connect your own account.",
        )
    return standing


def _news(link: Link, view: ConnectionView, flow: FlowView) -> Notice | None:
    """What became of the newest attempt to connect."""
    match flow.status:
        case FlowStatus.PENDING | FlowStatus.EXCHANGING:
            return Notice(
                kind="busy",
                title="Waiting for you to finish in the other window.",
                text="This page notices by itself when you are done.",
                help="stuck",
            )
        case FlowStatus.CONNECTED if view.usable:
            site = view.chosen_site
            place = f" ({site.name})" if site else ""
            return Notice(
                kind="ok",
                title="Authentication Successful",
                text=f"{link.label} is connected as {view.account_email}{place}.",
            )
        case FlowStatus.CANCELLED if not view.usable:
            return Notice(
                kind="warn",
                title="You cancelled. Nothing was stored.",
                text="Choose Configure when you want to try again.",
                help="stuck",
            )
        case FlowStatus.DENIED | FlowStatus.FAILED | FlowStatus.EXPIRED if flow.error:
            return Notice(
                kind="bad" if flow.status is FlowStatus.FAILED else "warn",
                title=flow.error.message,
                text=flow.error.hint,
                correlation_id=flow.error.correlation_id,
                at=flow.error.at,
                help=help_for(flow.error.code, default="failed"),
            )
        case _:
            return None


def _standing(link: Link, view: ConnectionView) -> Notice | None:
    """What is to be known of the connection as it stands."""
    match view.state:
        case State.NOT_CONFIGURED:
            return Notice(
                kind="warn",
                title=view.cause or "Your administrator has not set up Atlassian yet.",
                text=view.hint
                or "They set ATLASSIAN_OAUTH_CLIENT_ID and ATLASSIAN_OAUTH_CLIENT_SECRET.",
                help="not-set-up",
            )
        case State.CHOOSING_SITE:
            return Notice(
                kind="warn",
                title="Which site do you want to use?",
                text=f"Your {link.label} account reaches several. You can change this later.",
            )
        case State.NEEDS_RECONNECT:
            error = view.last_error
            return Notice(
                kind="bad",
                title=view.cause or f"{link.label} does not accept this connection any more.",
                text=view.hint or "Choose Reconnect and allow access again.",
                correlation_id=error.correlation_id if error else "",
                at=error.at if error else None,
                help="reconnect",
            )
        case State.DEGRADED | State.EXPIRING_SOON:
            return Notice(
                kind="warn",
                title=view.cause or f"{link.label} does not answer as it should.",
                text=view.hint or "Xerus keeps trying. Nothing is lost.",
                help=_help_of_trouble(view),
            )
        case _ if view.missing_scopes and view.usable:
            return Notice(
                kind="warn",
                title="Some permissions were not granted.",
                text="A few tools are off. Choose Reconnect and allow all of them.",
                help="permissions",
            )
        case _:
            return None


def _help_of_trouble(view: ConnectionView) -> str:
    if view.last_error is None:
        return "reconnect" if view.state is State.EXPIRING_SOON else "trouble"
    return help_for(view.last_error.code, default="trouble")


def _parting(
    link: Link, view: ConnectionView, behind: frozenset[Product], *, now: datetime
) -> Notice | None:
    """What became of an access that was given up lately, and what the other side was told of it."""
    if view.state is not State.DISCONNECTED or not view.ended_at:
        return None
    if now - view.ended_at > _PARTING_LASTS:
        return None
    title = "Xerus erased its tokens and ended what was running."
    if behind:
        served = "" if behind == link.products else f" for {_named(behind)}"
        title += f" From now on the shared service token is used{served}."
    minutes = _minutes_left(view.access_until, now)
    rest = (
        f"The last access token would have worked there for another {minutes}; nobody has it."
        if minutes
        else "The last access token has run out."
    )
    if link is not Link.CLOUD:
        return Notice(
            kind="busy",
            title=title,
            text=f"{link.label} was not told. {rest} In your profile there you can take back the"
            " access that you allowed.",
        )
    return Notice(
        kind="busy",
        title=title,
        text=f"Atlassian was not told, because it has no way to be told. {rest} Until you remove"
        " Xerus there, it stays in your list of",
        leads_to=("connected apps at Atlassian", APPS_AT_ATLASSIAN),
    )


def _minutes_left(until: datetime | None, now: datetime) -> str:
    left = 0 if until is None else math.ceil((until - now) / timedelta(minutes=1))
    return "" if left <= 0 else "minute" if left == 1 else f"{left} minutes"


def _shared_notice(link: Link, view: ConnectionView, products: frozenset[Product]) -> Notice:
    recorded = "What you do is recorded under your name in the activity."
    if "disconnect" in ACTIONS[view.state]:
        recorded += (
            f" Your own connection as {view.account_email} is not used; you can disconnect it."
        )
    lacking = _named(link.products - products)
    if not products:
        return Notice(
            kind="warn",
            title=f"Your administrator has set no token for {lacking}.",
            text=f"Everybody here works by such a token, so there is nothing to connect. {recorded}",
        )
    without = f" It has none for {lacking}." if lacking else ""
    return Notice(
        kind="busy",
        title="Everybody here works through one Atlassian account.",
        text="Your administrator set it up, so there is nothing for you to connect."
        f"{without} {recorded}",
    )


def _named(products: frozenset[Product]) -> str:
    return " and ".join(product.value.title() for product in sorted(products, reverse=True))

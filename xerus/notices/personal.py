"""What a person should know of their own connections."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from xerus.atlassian.ledger import LOW, Use
from xerus.connections.cloud import GRANT_LIFE
from xerus.connections.health import WARN_BEFORE
from xerus.connections.links import Link
from xerus.notices.notice import Notice

Missing = Callable[[frozenset[str]], frozenset[str]]

FAILING_FOR = timedelta(hours=6)
"""How long renewals or checks fail before that is said on every page; the card says it at once."""
FAILING_LONG = timedelta(days=3)
_YEAR_ENDS_SOON = timedelta(days=3)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A live connection, as far as a notice needs to know it.

    Attributes:
        ended_at: when a renewal found that the grant is over; None while it is not.
        failing_since: when renewals or checks began to fail; None while they do not.
    """

    link: Link
    needs_reconnect: bool
    consented_at: datetime
    scopes: frozenset[str]
    ended_at: datetime | None
    failing_since: datetime | None
    sites: frozenset[str]


def personal(
    standings: Iterable[Standing],
    *,
    missing: Mapping[Link, Missing],
    usage: Iterable[Use] = (),
    now: datetime,
) -> Iterator[Notice]:
    """Yield what there is to know; `missing` tells what was asked for and not granted, by link."""
    sites: set[str] = set()
    for standing in standings:
        if standing.link not in missing:
            continue  # nobody works through it at present
        if standing.needs_reconnect:
            yield _reconnect(standing)
            continue
        sites |= standing.sites
        yield from _year(standing, now)
        yield from _failing(standing, now)
        yield from _permissions(standing, missing[standing.link])
    yield from _quota(usage, sites)


def _reconnect(standing: Standing) -> Notice:
    label = standing.link.label
    return Notice(
        cause=f"{standing.link}:reconnect",
        level=1,
        kind="bad",
        title=f"{label} has to be connected again.",
        text="Until then the chat and your MCP clients cannot use it. Sites and settings stay.",
        since=standing.ended_at or standing.consented_at,
        page="/tools",
        action="Reconnect",
        link=standing.link,
        help="reconnect",
    )


def _year(standing: Standing, now: datetime) -> Iterator[Notice]:
    if standing.link is not Link.CLOUD:
        return
    ends_at = standing.consented_at + GRANT_LIFE
    if now < ends_at - WARN_BEFORE:
        return
    soon = now >= ends_at - _YEAR_ENDS_SOON
    yield Notice(
        cause=f"{standing.link}:year",
        level=2 if soon else 1,
        kind="bad" if soon else "warn",
        title=f"{standing.link.label} ends your consent on {ends_at.day} {ends_at:%B %Y}.",
        text="It does so after a year, whatever is done. Reconnect before then and nothing stops.",
        since=ends_at - WARN_BEFORE,
        page="/tools",
        action="Reconnect",
        link=standing.link,
        help="reconnect",
    )


def _failing(standing: Standing, now: datetime) -> Iterator[Notice]:
    since = standing.failing_since
    if since is None or now - since < FAILING_FOR:
        return
    long = now - since >= FAILING_LONG
    yield Notice(
        cause=f"{standing.link}:failing",
        level=2 if long else 1,
        kind="bad" if long else "warn",
        title=f"{standing.link.label} has not answered as it should for a while.",
        text="Your connection is kept and tried again by itself. Its page says what went wrong.",
        since=since,
        page="/tools",
        action="Look at it",
        help="trouble",
    )


def _permissions(standing: Standing, missing: Missing) -> Iterator[Notice]:
    lost = missing(standing.scopes)
    if lost:
        yield Notice(
            cause=f"{standing.link}:permissions",
            level=len(lost),
            kind="warn",
            title=f"Some permissions at {standing.link.label} were not granted.",
            text="Tools that need them are off. Reconnect and accept the whole list.",
            since=standing.consented_at,
            page="/tools",
            action="Reconnect",
            link=standing.link,
            help="permissions",
        )


def _quota(usage: Iterable[Use], sites: set[str]) -> Iterator[Notice]:
    """Yield what is nearly used up of the quotas that this person's calls are counted on."""
    for use in usage:
        if not sites or use.share < LOW or (use.site and use.site not in sites):
            continue
        product, over = use.product.value.title(), use.share >= 1
        yield Notice(
            cause=f"quota:{use.product}:{use.site}",
            level=2 if over else 1,
            kind="bad" if over else "warn",
            title=f"{product}'s hourly limit is {'used up' if over else 'nearly used up'}.",
            text=f"Everybody here shares it. All of it is back at {use.resets_at:%H:%M} UTC.",
            since=use.resets_at - timedelta(hours=1),
            page="/help/limits",
            action="What to do",
            help="limits",
        )

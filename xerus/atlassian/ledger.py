"""Our own count of the points that Atlassian takes, by product and site, for the hour that runs.

Atlassian says nothing below about 80 % of the quota, and what it says then may be missing or wrong. So
Xerus counts for itself, takes the higher of both figures, and uses it to warn and to make background work
wait. It never refuses a person's call: that is for Atlassian's 429 alone (`limits.py`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from xerus.atlassian.credentials import Product
from xerus.atlassian.quota_headers import told
from xerus.clock import Clock
from xerus.telemetry import metric_list as names
from xerus.telemetry.metrics import Reading

POINTS_PER_HOUR = 65_000
"""Atlassian's default: of one app, over all sites, for each product."""

LOW = 0.8
"""The share from which administrators are warned, the same from which Atlassian says what is left."""

FOR_BACKGROUND = 0.5
"""The share of an hour's points that background work may see used; the rest is for people."""

_APP = ""


@dataclass(frozen=True, kw_only=True)
class Payer:
    """Whose quota a request is counted on: the app's at one product, and the site it went to."""

    product: Product
    site: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is known of one site in one hour; the site '' stands for what is said of the whole app.

    Attributes:
        points: by our own count.
        told_left: the least that Atlassian said is left; None while it has said nothing.
        told_quota: the quota that it named.
    """

    hour: datetime
    payer: Payer
    points: int = 0
    told_left: int | None = None
    told_quota: int | None = None


@dataclass(frozen=True, kw_only=True)
class Use:
    """One quota in the hour that runs.

    Attributes:
        site: the cloud id where Atlassian counts each site by itself, '' for the app's one quota.
        points: by our own count, of all processes.
        told_left: left by what Atlassian said; None while it has said nothing.
        resets_at: when all of it comes back.
    """

    product: Product
    site: str
    points: int
    quota: int
    told_left: int | None
    resets_at: datetime

    @property
    def share(self) -> float:
        """The used share, by the higher of both counts; 1 is all of it."""
        told = 0 if self.told_left is None else self.quota - self.told_left
        return max(self.points, told) / self.quota


class PointsLedger:
    """The count of one process, with what it was told of the others' (`shared_points.py`)."""

    def __init__(self, *, clock: Clock, quota: int = POINTS_PER_HOUR) -> None:
        self._clock = clock
        self._quota = quota
        self._shared: dict[Payer, Entry] = {}
        self._new: dict[tuple[datetime, Payer], _Tally] = {}

    def spend(self, payer: Payer, points: int, headers: Mapping[str, str]) -> None:
        """Count one request and what its answer's headers say."""
        hour = self.hour
        self._tally(hour, payer).points += points
        if said := told(headers):
            of = payer if said.is_of_site else Payer(product=payer.product, site=_APP)
            self._tally(hour, of).hear(said.left, said.quota)

    @property
    def hour(self) -> datetime:
        """The beginning of the hour that runs: quotas come back at the full hour, UTC."""
        return self._clock.now().replace(minute=0, second=0, microsecond=0)

    @property
    def has_new(self) -> bool:
        """Whether something was counted since `take_new`."""
        return bool(self._new)

    def take_new(self) -> list[Entry]:
        """Return what was counted since the last time, in a fixed order, and forget it as new."""
        taken = [tally.entry(hour, payer) for (hour, payer), tally in self._new.items()]
        self._new = {}
        return sorted(taken, key=lambda e: (e.hour, e.payer.product, e.payer.site))

    def give_back(self, entries: Iterable[Entry]) -> None:
        """Take entries as new again that could not be shared."""
        for entry in entries:
            tally = self._tally(entry.hour, entry.payer)
            tally.points += entry.points
            tally.hear(entry.told_left, entry.told_quota)

    def learn(self, entries: Iterable[Entry]) -> None:
        """Take over what all processes together have counted."""
        self._shared = {entry.payer: entry for entry in entries}

    def usage(self) -> list[Use]:
        """Return every quota that was used in this hour."""
        known = self._known()
        return [use for product in Product for use in self._uses(product, known)]

    def has_room(self, product: Product) -> bool:
        """Tell whether background work may spend, or has to leave what is left to people."""
        uses = self._uses(product, self._known())
        return all(use.share < FOR_BACKGROUND for use in uses)

    def readings(self) -> Iterator[Reading]:
        """Yield the used share of each product."""
        known = self._known()
        for product in Product:
            shares = (use.share for use in self._uses(product, known))
            yield names.ATLASSIAN_POINTS_SHARE, max(shares, default=0.0), product.value

    def _tally(self, hour: datetime, payer: Payer) -> "_Tally":
        tally = self._new.get((hour, payer))
        if tally is None:
            tally = self._new[hour, payer] = _Tally()
        return tally

    def _known(self) -> dict[Payer, Entry]:
        hour = self.hour
        known = {payer: entry for payer, entry in self._shared.items() if entry.hour == hour}
        for (counted, payer), tally in self._new.items():
            if counted == hour:
                known[payer] = tally.entry(hour, payer, known.get(payer))
        return known

    def _uses(self, product: Product, known: Mapping[Payer, Entry]) -> list[Use]:
        sites = [e for e in known.values() if e.payer.product is product and e.payer.site != _APP]
        app = known.get(Payer(product=product, site=_APP))
        of_sites = [self._use(e, e.points) for e in sites if _is_told(e)]
        if of_sites or not (sites or app):
            return sorted(of_sites, key=lambda use: use.site)
        app = app or Entry(hour=self.hour, payer=Payer(product=product, site=_APP))
        return [self._use(app, sum(e.points for e in sites))]

    def _use(self, entry: Entry, points: int) -> Use:
        return Use(
            product=entry.payer.product,
            site=entry.payer.site,
            points=points,
            quota=max(entry.told_quota or self._quota, entry.told_left or 0),
            told_left=entry.told_left,
            resets_at=entry.hour + timedelta(hours=1),
        )


def _is_told(entry: Entry) -> bool:
    return entry.told_quota is not None or entry.told_left is not None


@dataclass(slots=True)
class _Tally:
    """What was counted of one payer in one hour, since it was last shared."""

    points: int = 0
    told_left: int | None = None
    told_quota: int | None = None

    def hear(self, left: int | None, quota: int | None) -> None:
        """Take what an answer says; within an hour what is left only shrinks."""
        self.told_left = _least(self.told_left, left)
        self.told_quota = quota or self.told_quota

    def entry(self, hour: datetime, payer: Payer, shared: Entry | None = None) -> Entry:
        """Return it as an entry, together with what was shared before."""
        return Entry(
            hour=hour,
            payer=payer,
            points=self.points + (shared.points if shared else 0),
            told_left=_least(self.told_left, shared.told_left if shared else None),
            told_quota=self.told_quota or (shared.told_quota if shared else None),
        )


def _least(one: int | None, other: int | None) -> int | None:
    return min((n for n in (one, other) if n is not None), default=None)

"""How connections were over time, as the page draws and tells it.

A bar stands for some hours: of states it shows the hour in which most were in trouble, of renewals
all of them. A bar of which no hour was counted is a gap.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from xerus.connections.history import LEFT, RENEWED, HourRow

WIDTH, HEIGHT = 720, 150
"""Of a chart, in its own units."""

RANGES: Mapping[str, tuple[str, timedelta, int]] = {
    "24h": ("24 hours", timedelta(hours=24), 1),
    "7d": ("7 days", timedelta(days=7), 4),
    "30d": ("30 days", timedelta(days=30), 24),
    "90d": ("90 days", timedelta(days=90), 24),
}
"""What may be looked at: its name, how far back, and how many hours a bar stands for."""

_GAP = 0.18
_THINNEST = 3.0
_STATES = {
    "connected": 0,
    **dict.fromkeys(("refreshing", "expiring_soon", "connecting", "choosing_site"), 1),
    "degraded": 2,
    "needs_reconnect": 3,
}


@dataclass(frozen=True, kw_only=True)
class Series:
    """One kind of what is counted; `look` names its colour and pattern."""

    word: str
    look: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """A rectangle of a bar, in units of the chart."""

    look: str
    y: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Bar:
    """Some hours; without parts, and `counts` None, where nothing is known of them."""

    since: datetime
    until: datetime
    x: float
    width: float
    counts: Sequence[int] | None
    parts: Sequence[Part]
    more: str = ""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart with what a table of it says."""

    slug: str
    title: str
    says: str
    series: Sequence[Series]
    bars: Sequence[Bar]
    most: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at all to draw."""
        return all(bar.counts is None for bar in self.bars)

    @property
    def gaps(self) -> int:
        """How many bars are missing."""
        return sum(bar.counts is None for bar in self.bars)


@dataclass(frozen=True, kw_only=True)
class _Kind:
    slug: str
    title: str
    says: str
    series: Sequence[Series]
    counted: Callable[[Sequence[HourRow]], tuple[Sequence[int], str] | None]


def charts(hours: Sequence[HourRow], *, each: int) -> Sequence[Chart]:
    """Return the charts of these hours, `each` of them to a bar; the last bar is the newest."""
    # From the end, so that the newest bar is whole and the oldest may be short.
    starts = range(len(hours) % each - each if len(hours) % each else 0, len(hours), each)
    groups = [hours[max(0, start) : start + each] for start in starts]
    return [_chart(kind, groups) for kind in _KINDS]


def _chart(kind: _Kind, groups: Sequence[Sequence[HourRow]]) -> Chart:
    counted = [kind.counted(group) for group in groups]
    most = max((sum(one[0]) for one in counted if one), default=0)
    step = WIDTH / max(1, len(groups))
    return Chart(
        slug=kind.slug,
        title=kind.title,
        says=kind.says,
        series=kind.series,
        most=most,
        bars=[
            Bar(
                since=group[0].hour,
                until=group[-1].hour + timedelta(hours=1),
                x=round(n * step + step * _GAP / 2, 2),
                width=round(step * (1 - _GAP), 2),
                counts=one[0] if one else None,
                more=one[1] if one else "",
                parts=_parts(kind.series, one[0], most) if one else (),
            )
            for n, (group, one) in enumerate(zip(groups, counted, strict=True))
        ],
    )


def _parts(series: Sequence[Series], counts: Sequence[int], most: int) -> list[Part]:
    looks = [one.look for one, count in zip(series, counts, strict=True) if count]
    exact = [count / most * HEIGHT for count in counts if count]
    # What is rare is what is looked for: it never gets too thin to see, at the cost of the tallest.
    heights = [max(height, _THINNEST) for height in exact]
    if heights:
        tallest = heights.index(max(heights))
        heights[tallest] = max(_THINNEST, heights[tallest] - sum(heights) + sum(exact))
    parts, top = [], float(HEIGHT)
    for look, height in zip(looks, heights, strict=True):
        top -= height
        parts.append(Part(look=look, y=round(max(top, 0.0), 2), height=round(height, 2)))
    return parts


def _states(hours: Sequence[HourRow]) -> tuple[Sequence[int], str] | None:
    """Return the counts of the hour in which most were in trouble."""
    told = []
    for hour in hours:
        if hour.was_seen:
            counts = [0] * 4
            for state, n in hour.states.items():
                if state in _STATES:
                    counts[_STATES[state]] += n
            told.append(counts)
    if not told:
        return None
    return max(told, key=lambda counts: (counts[3] + counts[2], counts[3])), ""


def _renewals(hours: Sequence[HourRow]) -> tuple[Sequence[int], str] | None:
    if not any(hour.was_seen or hour.renewals for hour in hours):
        return None
    causes: dict[str, int] = {}
    for hour in hours:
        for name, n in hour.renewals.items():
            causes[name] = causes.get(name, 0) + n
    done = causes.pop(RENEWED, 0)
    words = sorted(causes.items(), key=lambda one: -one[1])
    return [done, sum(causes.values())], ", ".join(
        f"{cause.replace('_', ' ')} {n:,}" for cause, n in words
    )


def _left(hours: Sequence[HourRow]) -> tuple[Sequence[int], str] | None:
    """Return the counts of the hour in which most had run out."""
    told = [[hour.left.get(name, 0) for name in reversed(LEFT)] for hour in hours if hour.was_seen]
    return (max(told, key=lambda counts: tuple(reversed(counts))), "") if told else None


_KINDS = (
    _Kind(
        slug="states",
        title="Connections by state",
        says="Of several hours the one in which most were in trouble.",
        series=(
            Series(word="Connected", look="ok"),
            Series(word="Being connected or renewed, or soon to expire", look="busy"),
            Series(word="In trouble", look="warn"),
            Series(word="Needs reconnect", look="bad"),
        ),
        counted=_states,
    ),
    _Kind(
        slug="renewals",
        title="Renewals",
        says="How often access was renewed, and how often that failed, counted from the audit log.",
        series=(Series(word="Renewed", look="ok"), Series(word="Failed", look="bad")),
        counted=_renewals,
    ),
    _Kind(
        slug="left",
        title="Time until access runs out",
        says="Access lasts an hour and is renewed before; what has run out waits for a renewal.",
        series=(
            Series(word="More than 30 minutes", look="ok"),
            Series(word="10 to 30 minutes", look="busy"),
            Series(word="Under 10 minutes", look="warn"),
            Series(word="Run out", look="bad"),
        ),
        counted=_left,
    ),
)

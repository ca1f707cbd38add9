"""What part of the audit log an address asks for, and the addresses of other parts of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from starlette.datastructures import FormData, QueryParams

from xerus.audit.events import Event, Fact
from xerus.audit.search import FAILED, SUCCEEDED, Place, Wanted
from xerus.errors import InvalidInput
from xerus.ids import UserId, is_id
from xerus.web import paging
from xerus.web.activity import TITLES

PATH = "/admin/audit"
FILTERS = ("person", "event", "tool", "client", "outcome", "reference", "since", "until")
OUTCOMES: Mapping[str, str] = {SUCCEEDED: "Succeeded", FAILED: "Did not succeed"}
MOST_PEOPLE = 20
"""Words that fit more people than this are asked to be more."""

_LONGEST = 200
_GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "account": "Signing in, and people",
        "client": "MCP clients and consent",
        "grant": "Access of MCP clients",
        "connection": "Connections to Atlassian",
        "tool": "Tool calls",
        "assistant": "Approvals in the chat",
        "admin": "Pages for administrators",
        "keys": "Keys",
        "audit": "The audit log itself",
    }
)
_LOOK = "Open Admin, then Audit."


@dataclass(frozen=True, kw_only=True)
class EventGroup:
    """Events of one subject as a choice: the whole group, and each of them."""

    name: str
    word: str
    events: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The filter as it was written, and the way through it.

    Attributes:
        values: by the names in FILTERS; what is not asked is not there.
        oldest_first: the other order.
        after: where the portion begins that is asked for.
    """

    values: Mapping[str, str]
    oldest_first: bool = False
    after: Place | None = None

    def address(self, **changes: str) -> str:
        """Return the first page of this filter with some things otherwise; '' takes one away."""
        order = "oldest" if self.oldest_first else ""
        whole = {**self.values, "order": order, **changes}
        return paging.address(PATH, whole)

    def events(self) -> Collection[Event] | None:
        """Return the events of the group or the name that is asked for."""
        asked = self.values.get("event", "")
        if not asked:
            return None
        found = [event for event in Event if asked in {event.value, event.split(":", 1)[0]}]
        if not found:
            raise InvalidInput("There is no such event.", hint=_LOOK)
        return found

    def wanted(self, people: Sequence[UserId] | None) -> Wanted:
        """Return what the log is asked for.

        Args:
            people: whom the words for a person stand for; None where there are none.
        """
        return Wanted(
            people=people,
            events=self.events(),
            tool=self.values.get("tool", ""),
            client=self.values.get("client", ""),
            outcome=self.values.get("outcome", ""),
            reference=self.values.get("reference", ""),
            since=_instant(self.values.get("since", ""), day_is_over=False),
            until=_instant(self.values.get("until", ""), day_is_over=True),
        )

    def facts(self, people: Sequence[UserId] | None) -> dict[str, Fact]:
        """Return what the log keeps of this look into it.

        Names of filters, and of the values those that cannot be a secret pasted into the form.
        """
        facts: dict[str, Fact] = {"filters": " ".join(self.values)}
        if people is not None:
            facts["whose"] = " ".join(people)
        for name, fact in (("since", "from"), ("until", "to")):
            if name in self.values:
                facts[fact] = self.values[name]
        return facts


def asked_in(query: QueryParams | FormData) -> Asked:
    """Return what an address, or a form with the same fields, asks for.

    Raises:
        InvalidInput: something in it cannot be.
    """
    given = {name: _text(query.get(name)) for name in (*FILTERS, "order", "after")}
    asked = Asked(
        values={name: given[name] for name in FILTERS if given[name]},
        oldest_first=given["order"] == "oldest",
        after=_place(given["after"]),
    )
    asked.wanted(None)
    return asked


def is_person(text: str) -> bool:
    """Tell whether the words for a person are an id, perhaps of somebody who was removed."""
    return is_id(text)


def written(place: Place) -> str:
    """Return a place as it stands in an address."""
    return f"{place.at.astimezone(UTC).isoformat()},{place.shard},{place.n}"


def groups() -> Sequence[EventGroup]:
    """Return all events as choices."""
    subjects = dict.fromkeys(event.split(":", 1)[0] for event in Event)
    return [
        EventGroup(
            name=subject,
            word=_GROUPS.get(subject, subject.capitalize()),
            events=[
                (event.value, TITLES.get(event, event.value))
                for event in Event
                if event.startswith(f"{subject}:")
            ],
        )
        for subject in subjects
    ]


def event_in_words(name: str) -> str:
    """Return a group or an event of the filter in words."""
    return _GROUPS.get(name) or TITLES.get(name, name)


def _text(value: object) -> str:
    return value.replace("\x00", "").strip()[:_LONGEST] if isinstance(value, str) else ""


def _place(text: str) -> Place | None:
    if not text:
        return None
    try:
        at, shard, n = text.rsplit(",", 2)
        place = Place(at=_aware(at), shard=int(shard), n=int(n))
    except ValueError:
        raise InvalidInput("That part of the log is not there.", hint=_LOOK) from None
    if not (0 <= place.shard < 2**15 and 0 <= place.n < 2**63):
        raise InvalidInput("That part of the log is not there.", hint=_LOOK)
    return place


def _instant(text: str, *, day_is_over: bool) -> datetime | None:
    if not text:
        return None
    try:
        instant = _aware(text)
        if day_is_over and is_day(text):
            return instant + timedelta(days=1)
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"{text!r} is not a time.",
            hint="Write a day, 2026-11-22, or a time: 2026-11-22T10:00Z.",
        ) from None
    return instant


def is_day(text: str) -> bool:
    """Tell whether a time is written as a day."""
    return "T" not in text and ":" not in text


def _aware(text: str) -> datetime:
    # A plus sign in an address is a space.
    instant = datetime.fromisoformat(text.replace(" ", "+"))
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)

"""The checklist of an installation, in words: what is there, what is missing, the next step of each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from xerus.settings.readiness import Part, Subject

_STATES: Mapping[str, tuple[str, str, str]] = {
    "done": ("Done", "circle-check", "ok"),
    "missing": ("Missing", "circle-alert", "bad"),
    "look": ("Look at it", "triangle-alert", "warn"),
    "optional": ("Optional", "circle-dashed", ""),
}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the settings and the database say of an installation.

    Attributes:
        people_signed_in: whether anybody signed in at the identity provider.
        administrators: how many who did so administer.
        own_database: whether PostgreSQL is the operator's, else the embedded one in the data folder.
        key_service: whether a key management service wraps the keys, else a file in that folder.
        audit_days, chat_days: how long both are kept; None: for ever.
        used_client: whether an MCP client ever got access; `servers` how many others there are.
    """

    parts: Sequence[Part]
    people_signed_in: bool
    administrators: int
    connected: bool
    own_database: bool
    key_service: bool
    audit_days: int | None
    chat_days: int | None
    used_client: bool
    servers: int


class Readiness(Protocol):
    """`app.readiness.Readiness`."""

    @property
    def parts(self) -> Sequence[Part]:
        """What is set, and what is not; names alone."""

    async def facts(self) -> Facts:
        """Look at the settings and the database."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line: `to` and `label` lead to a page, `read` names the chapter of the documentation."""

    title: str
    state: str
    says: str
    missing: Sequence[str] = ()
    to: str = ""
    label: str = ""
    read: str = ""
    is_needed: bool = True

    @property
    def badge(self) -> tuple[str, str, str]:
        """The word, the icon and the colour of the state."""
        return _STATES[self.state]


@dataclass(frozen=True, kw_only=True)
class Checklist:
    """All lines in the order in which they are done."""

    steps: Sequence[Step]

    @property
    def needed(self) -> Sequence[Step]:
        """Those that people cannot work without."""
        return [step for step in self.steps if step.is_needed]

    @property
    def done(self) -> int:
        """How many of these are done."""
        return sum(step.state == "done" for step in self.needed)

    @property
    def is_whole(self) -> bool:
        """Whether everything needed is there."""
        return self.done == len(self.needed)

    @property
    def left(self) -> int:
        """How many optional lines are open."""
        return sum(step.state != "done" for step in self.steps if not step.is_needed)


def checklist(facts: Facts) -> Checklist:
    """Return the lines for an installation."""
    parts = {part.subject: part for part in facts.parts}
    return Checklist(
        steps=[
            *_needed(parts, facts),
            _database(facts),
            _keys(facts),
            *_optional(parts),
            _retention(facts),
            *_first_use(facts),
        ]
    )


def _needed(parts: Mapping[Subject, Part], facts: Facts) -> Iterator[Step]:
    yield _step(
        parts["address"],
        "Address",
        "People and clients reach Xerus by https.",
        "Only this machine reaches Xerus: people and MCP clients need an https address.",
        read="docs/operating.md, What it needs to start",
    )
    sign_in = parts["sign_in"]
    yield _step(
        sign_in,
        "Sign-in with Entra ID",
        "People sign in with the accounts of your organisation.",
        "Only the local administrator can sign in, on this machine.",
        read="docs/entra.md",
        untried="" if facts.people_signed_in else "It is set, and nobody has signed in by it yet.",
    )
    n = facts.administrators
    yield _step(
        parts["administrators"],
        "Administrators",
        f"{n} {'person administers' if n == 1 else 'people administer'} Xerus.",
        "Nobody who signs in with Entra ID administers Xerus.",
        to="/admin/people",
        label="People",
        read="docs/entra.md",
        untried="" if n else "Somebody is named, and none of them has signed in yet.",
    )
    yield _step(
        parts["atlassian"],
        "Jira and Confluence",
        "Tools reach Jira and Confluence.",
        "Nobody can connect Atlassian before there is an OAuth app of yours there.",
        to="/tools",
        label="Tools",
        read="docs/operating.md, What it needs to start",
        untried=""
        if facts.connected or not parts["atlassian"].settings
        else "The app is set, and nobody has connected by it yet.",
    )


def _step(
    part: Part,
    title: str,
    there: str,
    absent: str,
    *,
    to: str = "",
    label: str = "",
    read: str = "",
    untried: str = "",
) -> Step:
    if part.is_set:
        return Step(
            title=title,
            state="look" if untried else "done",
            says=untried or there,
            to=to,
            label=label,
            is_needed=part.is_needed,
        )
    return Step(
        title=title,
        state="missing" if part.is_needed else "optional",
        says=absent,
        missing=part.missing,
        read=read,
        is_needed=part.is_needed,
    )


def _database(facts: Facts) -> Step:
    says = (
        "PostgreSQL of your own. Back it up, and the keys apart from it."
        if facts.own_database
        else "The embedded PostgreSQL in the data folder, good for one machine. Back it up; for several "
        "machines set XERUS_DATABASE_URL."
    )
    return Step(
        title="Database",
        state="done",
        says=says,
        read="docs/operating.md, The key provider, and backup",
    )


def _keys(facts: Facts) -> Step:
    if facts.key_service:
        state, says = "done", "A key management service wraps them."
    elif facts.own_database:
        state = "done"
        says = "The key file is in the data folder, and the database elsewhere. Keep a copy of it apart."
    else:
        state = "optional"
        says = (
            "The key file lies in the data folder beside the database: whoever copies the folder can "
            "read what is sealed. A key management service keeps the two apart."
        )
    is_done = state == "done"
    return Step(
        title="Encryption keys",
        state=state,
        says=says,
        missing=() if is_done else ("XERUS_KEY_PROVIDER",),
        read="" if is_done else "docs/operating.md, Keys in a key management service",
        is_needed=False,
    )


def _optional(parts: Mapping[Subject, Part]) -> Iterator[Step]:
    yield _step(
        parts["model"],
        "Model of the chat",
        "A model answers in the chat.",
        "The demo model answers in the chat, which is no AI. MCP clients bring a model of their own.",
        read="docs/models.md",
        to="/",
        label="Chat",
    )
    yield _step(
        parts["mail"],
        "Mail",
        "Xerus writes to people when something needs them.",
        "No mail is sent: people read what needs them on the pages alone.",
        to="/admin/mail",
        label="Mail",
        read="docs/operating.md, Mail",
    )
    yield _step(
        parts["support"],
        "Support contact",
        "Pages of trouble name whom to ask.",
        "Pages of trouble say to ask an administrator, and not how.",
        read="docs/operating.md, Notices to administrators",
        to="/help",
        label="Help",
    )


def _retention(facts: Facts) -> Step:
    kept = [
        f"{what} {f'for {days:,} days' if days else 'for ever'}"
        for what, days in (("Audit events", facts.audit_days), ("conversations", facts.chat_days))
    ]
    unset = [
        name
        for name, days in (
            ("XERUS_AUDIT_DAYS", facts.audit_days),
            ("XERUS_CHAT_DAYS", facts.chat_days),
        )
        if not days
    ]
    return Step(
        title="Retention",
        state="optional" if unset else "done",
        says=f"Kept: {', '.join(kept).lower()}.",
        missing=unset,
        read="docs/operating.md, How long conversations are kept" if unset else "",
        is_needed=False,
    )


def _first_use(facts: Facts) -> Iterator[Step]:
    yield Step(
        title="First MCP client",
        state="done" if facts.used_client else "optional",
        says="An MCP client has got access."
        if facts.used_client
        else "No MCP client is connected yet.",
        to="/admin/clients" if facts.used_client else "/tools/clients",
        label="MCP clients" if facts.used_client else "Connect a client",
        is_needed=False,
    )
    n = facts.servers
    yield Step(
        title="Other MCP servers",
        state="done" if n else "optional",
        says=f"{n} beside Atlassian." if n else "The chat uses Atlassian alone.",
        to="/admin/servers" if n else "/admin/servers/add",
        label="MCP servers" if n else "Add one",
        is_needed=False,
    )

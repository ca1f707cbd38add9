"""The lines above a page, one state for each cause."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from tests.gallery.shown import Shown
from tests.unit.web.fakes import CONNECTED, NOW, World
from xerus.atlassian.credentials import Product
from xerus.atlassian.ledger import Use
from xerus.connections.links import Link
from xerus.notices.notice import Notice
from xerus.notices.operator import in_words
from xerus.notices.personal import Standing, personal
from xerus.notices.store import Trouble

_DAY = timedelta(days=1)
SOUND = Standing(
    link=Link.CLOUD,
    needs_reconnect=False,
    consented_at=NOW - 3 * _DAY,
    scopes=frozenset(),
    ended_at=None,
    failing_since=None,
    sites=frozenset({"cloud-acme"}),
)


def _own(standing: Standing, *lost: str, usage: tuple[Use, ...] = ()) -> tuple[Notice, ...]:
    missing = {Link.CLOUD: lambda _: frozenset(lost)}
    return tuple(personal([standing], missing=missing, usage=usage, now=NOW))


def _of_operator(cause: str, level: int = 1, **facts: str | int) -> tuple[Notice, ...]:
    return (in_words(Trouble(cause=cause, level=level, since=NOW - _DAY, facts=facts)),)


RECONNECT = _own(replace(SOUND, needs_reconnect=True, ended_at=NOW - _DAY))
PERSONAL: Mapping[str, tuple[Notice, ...]] = {
    "reconnect": RECONNECT,
    "year": _own(replace(SOUND, consented_at=NOW - 355 * _DAY)),
    "failing": _own(replace(SOUND, failing_since=NOW - _DAY)),
    "permissions": _own(SOUND, "write:jira-work"),
    "quota": _own(
        SOUND,
        usage=(
            Use(
                product=Product.JIRA,
                site="",
                points=60_000,
                quota=65_000,
                told_left=None,
                resets_at=NOW + timedelta(hours=1),
            ),
        ),
    ),
}
OPERATOR: Mapping[str, tuple[Notice, ...]] = {
    "token": _of_operator("token:jira", product="Jira"),
    "app": _of_operator("app:cloud", link="Atlassian", count=41),
    "failing-many": _of_operator("failing", count=7),
    "audit": _of_operator("audit"),
    "key": _of_operator("key:data", kind="data"),
    "certificate": _of_operator("certificate", level=2, ends="2026-11-28"),
}


def noticed(notices: tuple[Notice, ...]) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        world.connections.shown = CONNECTED
        world.notices.shown = list(notices)

    return arrange


NOTICE_STATES: Mapping[str, Shown] = {
    **{
        f"notice-{name}": Shown(path="/activity", arrange=noticed(n))
        for name, n in PERSONAL.items()
    },
    **{
        f"notice-{name}": Shown(path="/activity", arrange=noticed(n))
        for name, n in OPERATOR.items()
    },
    "notices-in-the-chat": Shown(
        path="/", arrange=noticed((*RECONNECT, *PERSONAL["quota"], *OPERATOR["key"]))
    ),
}

"""States of the pages of people, and of the set-up."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from tests.gallery.shown import Shown
from tests.unit.web.fake_readiness import EVERYTHING
from tests.unit.web.fakes import ADA, GRACE, World
from xerus.connections.views import State

_ENDED = "Atlassian has ended the access."


def _few(world: World) -> None:
    world.people.hold(ADA, "cloud", "Atlassian", State.CONNECTED)
    world.people.hold(GRACE, "cloud", "Atlassian", State.NEEDS_RECONNECT, _ENDED)
    world.people.hold(GRACE, "server-docs", "Company docs", State.CONNECTED)
    world.people.clients[GRACE] = 2
    world.grants.add("f1", GRACE, "Claude Code", "http://127.0.0.1/callback")
    world.grants.add("f2", GRACE, "Reports of the quarter", "https://reports.example.com/back")


def _many(world: World) -> None:
    _few(world)
    for n in range(120):
        long = "Maximiliane von Hohenstein-" if n % 7 == 0 else ""
        person = world.people.put(
            f"p{n}",
            f"{long}Person {n}",
            f"{long.lower().replace(' ', '.')}p{n}@example.com",
            is_off=n % 9 == 0,
        )
        if n % 3:
            world.people.hold(person, "cloud", "Atlassian", list(State)[2 + n % 8])
        if n % 4 == 0:
            world.people.hold(person, "server-docs", "Company docs", State.DEGRADED)
        world.people.clients[person] = n % 5


def _one(world: World) -> None:
    del world.people.rows[GRACE]


def _off(world: World) -> None:
    world.people.put("kept", "Kay McNulty", "kay@example.com", is_off=True)
    world.people.hold(
        world.people.put("k2", "", "k2@example.com"), "cloud", "Atlassian", State.CONNECTED
    )


def _none_off(world: World) -> None:
    del world


def _kept_out(world: World) -> None:
    world.sign_in.kept_out.add("gone-token")


def _nobody_can_sign_in(world: World) -> None:
    world.sign_in.configured = False


def _set_up(world: World) -> None:
    world.readiness.finish()


def _untried(world: World) -> None:
    world.readiness.given = EVERYTHING - {"XERUS_MODEL"}
    world.readiness.known = replace(world.readiness.known, administrators=1, own_database=True)


def _asked(what: str) -> Shown:
    return Shown(path=f"/admin/people/{what}", arrange=_few)


_LISTS: Mapping[str, tuple[str, Callable[[World], None]]] = {
    "people": ("/admin/people", _few),
    "people-one-alone": ("/admin/people", _one),
    "people-many": ("/admin/people?page=2", _many),
    "people-none-fits": ("/admin/people?q=babbage", _few),
    "people-off": ("/admin/people?only=off", _off),
    "people-none-off": ("/admin/people?only=off", _none_off),
    "person": ("/admin/people/one?id=grace", _few),
    "person-self": ("/admin/people/one?id=ada&done=clients", _few),
    "person-off": ("/admin/people/one?id=kept&done=disable", _off),
    "person-enable": ("/admin/people/enable?id=kept", _off),
}
PEOPLE_STATES: Mapping[str, Shown] = {
    **{name: Shown(path=path, arrange=arrange) for name, (path, arrange) in _LISTS.items()},
    "person-disable": _asked("disable?id=grace"),
    "person-disable-self": _asked("disable?id=ada"),
    "person-signout": _asked("signout?id=ada"),
    "person-clients": _asked("clients?id=grace"),
    "person-disconnect": _asked("disconnect?id=grace&at=cloud"),
    "person-remove": _asked("remove?id=grace"),
    "admin-set-up": Shown(path="/admin", arrange=_set_up),
    "admin-untried": Shown(path="/admin", arrange=_untried),
    "signin-not-set-up": Shown(path="/signin", arrange=_nobody_can_sign_in, token=""),
    "signin-kept-out": Shown(path="/signin", arrange=_kept_out, token="gone-token"),
}

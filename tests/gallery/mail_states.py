"""E-mail: a person's choice, and what administrators see of it."""

from collections.abc import Mapping

from tests.gallery.shown import Shown
from tests.unit.web.fakes import ADA, World
from xerus.notices.outbox import Counts


def _on(world: World) -> None:
    world.mail.configured = True


def _off_for_ada(world: World) -> None:
    _on(world)
    world.mail.choices[ADA] = False


def _troubled(world: World) -> None:
    _on(world)
    world.mail.shown = Counts(waiting=4, sent=31, failed=2, last_error="mail_away")


MAIL_STATES: Mapping[str, Shown] = {
    "access-mail-on": Shown(path="/access", arrange=_on),
    "access-mail-off": Shown(path="/access", arrange=_off_for_ada),
    "admin-mail-not-set": Shown(path="/admin/mail"),
    "admin-mail": Shown(path="/admin/mail", arrange=_troubled),
}

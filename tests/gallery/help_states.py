"""The answers, and the failures that lead to them."""

from collections.abc import Mapping
from dataclasses import replace

from tests.gallery.shown import Shown
from tests.unit.web.fakes import CONNECTED, World, problem
from xerus.connections.views import ConnectionView, FlowStatus, Outcome, State
from xerus.pages.support import Support

_ENDED = problem(
    "grant_refused", "Atlassian has ended the access.", "Reconnect; sites and settings stay."
)
_REFUSED = problem(
    "upstream_refused",
    "Atlassian refused a first read with status 403.",
    "Check at Atlassian that this account may use the product and that the organisation allows the "
    "app.",
)
SUPPORT = Support(email="help@example.com", text="The service desk answers from 8 to 18.")


def _needs_reconnect(world: World) -> None:
    world.connections.shown = replace(
        CONNECTED,
        state=State.NEEDS_RECONNECT,
        cause=_ENDED.message,
        hint="Reconnect Atlassian.",
        last_error=_ENDED,
    )


def _supported(world: World) -> None:
    world.pages._env.globals["support"] = SUPPORT
    _needs_reconnect(world)


def _blocked(world: World) -> None:
    world.pages._env.globals["support"] = SUPPORT
    world.connections.outcome = Outcome(
        status=FlowStatus.FAILED,
        flow_id=None,
        view=ConnectionView(state=State.NOT_CONNECTED),
        error=_REFUSED,
    )


HELP_STATES: Mapping[str, Shown] = {
    "help": Shown(path="/help"),
    "help-signed-out": Shown(path="/help", token=""),
    "help-answer": Shown(
        path="/help/reconnect?reference=4f9c21ab07de&at=2026-11-22T10:00:00Z",
        arrange=_needs_reconnect,
    ),
    "help-answer-supported": Shown(
        path="/help/organisation?reference=4f9c21ab07de&at=2026-11-22T10:00:00Z",
        arrange=_supported,
    ),
    "return-blocked-by-the-organisation": Shown(
        path="/connections/atlassian/callback?code=c&state=s", arrange=_blocked
    ),
}

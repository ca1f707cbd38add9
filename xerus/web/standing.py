"""How a connection stands, in one line that every state has: why, since when, and what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from xerus.connections.views import ConnectionView, State


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The line; `since` is now for what has no beginning."""

    cause: str
    since: datetime
    step: str


_KEPT = "Nothing to do: it is renewed and checked by itself."
_WORDS: Mapping[State, tuple[str, str]] = {
    State.NOT_CONFIGURED: ("{} is not set up here.", "Your administrator has to set it up."),
    State.NOT_CONNECTED: ("You have not connected {} yet.", "Choose Configure."),
    State.CONNECTING: ("The other window is waiting for you.", "Finish there, or choose Cancel."),
    State.CHOOSING_SITE: ("Your {} account reaches several sites.", "Choose the site to work in."),
    State.CONNECTED: ("The last real call succeeded.", _KEPT),
    State.REFRESHING: ("The access is being renewed.", "Nothing to do: calls wait for it."),
    State.EXPIRING_SOON: ("The connection will end.", "Choose Reconnect."),
    State.NEEDS_RECONNECT: ("{} does not accept this connection any more.", "Choose Reconnect."),
    State.DEGRADED: ("{} does not answer as it should.", "Xerus keeps trying; nothing is lost."),
    State.DISCONNECTED: (
        "You disconnected it; its tokens are erased.",
        "Choose Configure to connect again.",
    ),
}


def standing_of(name: str, view: ConnectionView, *, now: datetime) -> Standing:
    """Return the line for a connection to what has this name; its own words go before ours."""
    cause, step = _WORDS[view.state]
    cause = view.cause or cause.format(name)
    if view.state is State.CONNECTED and view.replaced_account:
        cause += (
            f" This account took the place of {view.replaced_account}, whose tokens are erased."
        )
    return Standing(cause=cause, since=view.since or now, step=view.hint or step)

"""A caller's own calls, as the audit log has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol

from pydantic import Field

from xerus.errors import InvalidInput
from xerus.tools.declaration import Args, Effect, tool
from xerus.tools.jira.since import instant
from xerus.tools.listing import Listing

_COLUMNS = ("at", "tool", "item", "outcome", "client", "site", "account")


@dataclass(frozen=True, kw_only=True)
class PastCall:
    """One call that ended; `item` is the key or id that it was about."""

    at: datetime
    tool: str
    item: str
    outcome: str
    client: str
    site: str
    account: str


class CallHistory(Protocol):
    """Knows the calls of one caller."""

    async def calls(
        self,
        *,
        tool: str,
        item: str,
        since: datetime | None,
        before: datetime | None,
        limit: int,
    ) -> Sequence[PastCall]:
        """Return calls from `since` on and older than `before`, the newest first.

        '' and None filter nothing.
        """
        ...


class MyActivity(Args):
    """Which of one's own calls."""

    item: str = Field(default="", description="Issue key or page id", max_length=100)
    tool: str = Field(default="", description="Tool name", max_length=100)
    since: str | None = Field(default=None, max_length=40, description="2026-01-31 or -7d")
    limit: int = Field(default=20, ge=1, le=100, description="Most rows")
    cursor: str | None = Field(default=None, description="From the answer before")
    format: Literal["table", "json"] = Field(
        default="table", description="json: structured content"
    )


@tool(title="My activity", effect=Effect.READ)
async def my_activity(history: CallHistory, args: MyActivity) -> Listing:
    """List your own past tool calls, newest first."""
    found = await history.calls(
        tool=args.tool,
        item=args.item,
        since=instant(args.since) if args.since else None,
        before=_instant(args.cursor),
        limit=args.limit + 1,
    )
    shown, rest = found[: args.limit], found[args.limit :]
    return Listing(
        noun="call",
        columns=_COLUMNS,
        rows=[_row(call) for call in shown],
        source="xerus activity",
        cursor=_cursor(shown[-1].at) if rest else None,
    )


def _row(call: PastCall) -> list[str]:
    at = f"{call.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return [at, call.tool, call.item, call.outcome, call.client, call.site, call.account]


def _cursor(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _instant(cursor: str | None) -> datetime | None:
    if cursor is None:
        return None
    try:
        found = datetime.fromisoformat(cursor)
    except ValueError as error:
        raise InvalidInput(
            "This cursor is not one of a former answer.", hint="Leave it out to begin anew."
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)

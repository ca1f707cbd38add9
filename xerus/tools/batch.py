"""Several writes in one call, one after the other, up to the first that fails.

The runner runs the steps: each is checked, audited and answered as if it had been called by itself.
Deleting is left out, so that a client that asks before it goes on asking.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from xerus.errors import InvalidInput
from xerus.settings.toolsets import Toolset
from xerus.tools.arguments import checked_part
from xerus.tools.declaration import Args, Effect, Tool, tool
from xerus.tools.jira.fields import JsonObject, JsonObjects
from xerus.tools.results import ToolResult

MOST_STEPS = 20
_EFFECTS = frozenset({Effect.CREATE, Effect.UPDATE})


class Step(Args):
    """One call of another tool."""

    tool: Annotated[str, Field(max_length=80, description="Tool name")]
    arguments: JsonObject = Field(default={}, description="Its arguments")


class Batch(Args):
    """The steps."""

    steps: Annotated[
        JsonObjects,
        Field(
            min_length=1,
            max_length=MOST_STEPS,
            description='{"tool": name, "arguments": {...}} each; no deletes',
        ),
    ]


class Steps:
    """What the tool would run with; the runner runs its steps instead."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """The answers of the steps that ran, in order."""

    asked: int
    names: Sequence[str]
    results: Sequence[ToolResult]

    def result(self) -> ToolResult:
        """Return one result; it is an error when a step failed."""
        failed = bool(self.results) and self.results[-1].is_error
        last = self.results[-1]
        done = len(self.results) - failed
        head = f"{done} of {self.asked} steps done."
        if failed:
            skipped = self.asked - len(self.results)
            head += f" Step {len(self.results)} failed; {skipped} after it were not tried."
            head += " What was done stays." if done else ""
        parts = [
            f"{number}. {name}: {'failed. ' if one.is_error else ''}{one.text}"
            for number, (name, one) in enumerate(zip(self.names, self.results, strict=False), 1)
        ]
        return ToolResult(
            text="\n".join([head, *parts]),
            is_error=failed,
            # A client may repeat what lacks a connection by itself: not so what is done in part.
            needs_connection=last.needs_connection and not done,
            connect_url=last.connect_url,
            lacking=() if done else last.lacking,
            was_running=bool(done) or last.was_running,
            required_scope=last.required_scope,
        )


@tool(title="Run several writes", effect=Effect.UPDATE, toolset=Toolset.EXTRA)
async def batch(source: Steps, args: Batch) -> Any:
    """Run several writing tools in order; stops at the first failure."""
    raise AssertionError((source, args))


def is_batch(one: Tool) -> bool:
    """Whether the runner has to run steps."""
    return one.client is Steps


def steps_of(args: Args) -> list[Step]:
    """Return the steps.

    Raises:
        InvalidInput: one of them is no step.
    """
    assert isinstance(args, Batch)
    return [
        checked_part(Step, one, what=f"step {number}")
        for number, one in enumerate(args.steps, start=1)
    ]


def check_step(one: Tool, number: int) -> None:
    """Raise unless a tool may be a step.

    Raises:
        InvalidInput: it reads, deletes, or runs steps itself.
    """
    if one.effect not in _EFFECTS or is_batch(one) or one.product is None:
        raise InvalidInput(
            f"Step {number}: {one.name} cannot be a step. Nothing was done.",
            hint="Steps create or change; call what reads or deletes by itself.",
        )

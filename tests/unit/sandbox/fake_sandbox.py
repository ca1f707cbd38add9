"""The sandbox with a product of one note per name instead of Jira; run as a process by tests."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from xerus_sandbox.atlassian.product_store import Products
from xerus_sandbox.operations import Answer, ApiError, Call, Deployment, Operation
from xerus_sandbox.server import Options, serve


class NoteWorld:
    index_lag_seconds = 0.0

    def __init__(self, notes: dict[str, Any]) -> None:
        self.notes = notes

    def to_json(self) -> dict[str, Any]:
        return {"notes": self.notes}


def read_note(world: Any, call: Call) -> Answer:
    name = call.params["name"]
    if name not in world.notes:
        raise ApiError(404, {"errorMessages": ["No such note"], "errors": {}})
    return Answer(body={"name": name, "note": world.notes[name], "by": call.account.email})


def write_note(world: Any, call: Call) -> Answer:
    world.notes[call.params["name"]] = {**call.json(), "count": len(world.notes), "at": call.now}
    return Answer(status=204)


def operation(deployment: Deployment, method: str, path: str, scope: str = "") -> Operation:
    return Operation(
        product="jira",
        deployment=deployment,
        method=method,
        path=path,
        spec="notes.openapi.json",
        scopes=(frozenset({scope}),) if scope else (),
        run=write_note if method == "PUT" else read_note,
        writes=method == "PUT",
    )


PRODUCTS = Products(
    operations=(
        operation("cloud", "GET", "/rest/api/3/note/{name}", "read:jira-work"),
        operation("cloud", "PUT", "/rest/api/3/note/{name}", "write:jira-work"),
        operation("dc", "GET", "/rest/api/2/note/{name}"),
        operation("dc", "PUT", "/rest/api/2/note/{name}"),
    ),
    seed=lambda _: NoteWorld({"seed": "hello"}),  # type: ignore[arg-type,return-value] # a World to the store
    from_json=lambda data: NoteWorld(data["notes"]),  # type: ignore[arg-type,return-value] # as above
)


def main() -> None:
    folder = Path(sys.argv[1])
    record = Path(sys.argv[2]) if sys.argv[2:] else None
    options = Options(data_dir=folder, atlassian_port=0, entra_port=0, record=record)
    asyncio.run(serve(options, PRODUCTS, lambda line: print(line, flush=True)))  # noqa: T201 - the ready line


if __name__ == "__main__":
    main()

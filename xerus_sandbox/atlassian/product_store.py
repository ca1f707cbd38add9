"""The products' world on disk: a snapshot, and a journal of the writes since.

Operations depend on nothing but the world and the call, so the calls that wrote are the journal,
and a restart runs them again. That keeps a write cheap however large the world is.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.datastructures import QueryParams

from xerus_sandbox.accounts import BY_EMAIL, cloud_sites, data_center_sites
from xerus_sandbox.config import Config, Setting
from xerus_sandbox.operations import Answer, ApiError, Call, Operation
from xerus_sandbox.products.world import World
from xerus_sandbox.routes import OperationTable
from xerus_sandbox.state import Journal, Snapshot

_WRITES_PER_SNAPSHOT = 500

SETTINGS = (
    # How much later than a read by key a search sees a write (facts e1.6, e1.18).
    Setting(name="index_lag_seconds", kind="seconds", default=0),
)


@dataclass(frozen=True, kw_only=True)
class Products:
    """What the store needs to know about the products: their operations and their data."""

    operations: tuple[Operation, ...]
    seed: Callable[[str], World]
    """From the base URL of the Atlassian port."""
    from_json: Callable[[dict[str, Any]], World]


class ProductStore:
    """Runs operations on the world; a write is on disk when `run` returns."""

    def __init__(
        self,
        *,
        folder: Path,
        base_url: str,
        config: Config,
        products: Products,
        table: OperationTable,
    ) -> None:
        self._config = config
        self._base_url = base_url
        self._products = products
        self._snapshot = Snapshot(folder / "world.json")
        self._journal = Journal(folder / "world-journal.jsonl")
        self._sequence = 0
        self._since_snapshot = 0
        self._world = self._load(table)

    def _load(self, table: OperationTable) -> World:
        saved = self._snapshot.load()
        if saved is None:
            self._journal.clear()
            self._world = self._products.seed(self._base_url)
            self._compact()
            return self._world
        world = self._products.from_json(saved["world"])
        world.base_url = self._base_url
        self._sequence = saved["sequence"]
        for event in self._journal.read():
            # A kill between snapshot and clearing leaves events that the snapshot holds already.
            if event["sequence"] > self._sequence:
                self._replay(world, event, table)
                self._sequence = event["sequence"]
                self._since_snapshot += 1
        return world

    def _replay(self, world: World, event: dict[str, Any], table: OperationTable) -> None:
        call = _call_from(event["call"], self._base_url)
        match = table.find(event["product"], call.deployment, call.method, event["path"])
        if match is None:
            raise ValueError(f"The saved write {call.method} {call.path} is not known any more.")
        match.operation.run(world, call)

    @property
    def world(self) -> World:
        """The world as it is now, for reading only."""
        return self._world

    def run(self, operation: Operation, call: Call, encoded_path: str) -> Answer:
        """Run an operation; `encoded_path` is the call's path as it came over the wire.

        An `ApiError` becomes its answer.
        """
        self._world.index_lag_seconds = self._config["index_lag_seconds"]
        try:
            answer = operation.run(self._world, call)
        except ApiError as error:
            return Answer(status=error.status, body=error.body, headers=error.headers)
        if operation.writes:
            self._keep(operation, call, encoded_path)
        return answer

    def _keep(self, operation: Operation, call: Call, encoded_path: str) -> None:
        self._sequence += 1
        self._journal.append(
            {
                "sequence": self._sequence,
                "product": operation.product,
                "path": encoded_path,
                "call": _call_to_json(call),
            }
        )
        self._since_snapshot += 1
        if self._since_snapshot >= _WRITES_PER_SNAPSHOT:
            self._compact()

    def _compact(self) -> None:
        self._snapshot.save({"sequence": self._sequence, "world": self._world.to_json()})
        self._journal.clear()
        self._since_snapshot = 0

    def reset(self) -> None:
        """Go back to the seed data."""
        self._world = self._products.seed(self._base_url)
        self._compact()

    def close(self) -> None:
        """Save and close the files."""
        if self._since_snapshot:
            self._compact()
        self._journal.close()


def _call_to_json(call: Call) -> dict[str, Any]:
    return {
        "account": call.account.email,
        "site": call.site.name,
        "deployment": call.deployment,
        "method": call.method,
        "path": call.path,
        "params": dict(call.params),
        "query": str(call.query),
        # Operations see how a caller came in; the secret itself is not kept.
        "headers": {
            k: v.split(" ")[0] + " ***" if k == "authorization" else v
            for k, v in call.headers.items()
        },
        "body": base64.b64encode(call.body).decode(),
        "now": call.now,
    }


def _call_from(data: Mapping[str, Any], base_url: str) -> Call:
    sites = [*cloud_sites(base_url).values(), *data_center_sites(base_url).values()]
    by_name = {site.name: site for site in sites}
    return Call(
        account=BY_EMAIL[data["account"]],
        site=by_name[data["site"]],
        deployment=data["deployment"],
        method=data["method"],
        path=data["path"],
        params=data["params"],
        query=QueryParams(data["query"]),
        headers=data["headers"],
        body=base64.b64decode(data["body"]),
        now=data["now"],
    )

"""Finding the operation that a request means."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from xerus_sandbox.operations import Deployment, Operation, Product


@dataclass(frozen=True, kw_only=True)
class Match:
    """An operation and the values of its path parameters."""

    operation: Operation
    params: Mapping[str, str]


class OperationTable:
    """All operations, looked up by product, deployment, method and path."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._by_size: dict[tuple[str, str, int], list[Operation]] = defaultdict(list)
        for operation in operations:
            key = (operation.product, operation.deployment, operation.path.count("/"))
            self._by_size[key].append(operation)
        for candidates in self._by_size.values():
            # A literal path wins over one with a parameter in the same place.
            candidates.sort(key=lambda operation: operation.path.count("{"))

    def find(
        self, product: Product, deployment: Deployment, method: str, path: str
    ) -> Match | None:
        """Return the operation for a percent-encoded path, or None."""
        for operation, params in self._candidates(product, deployment, path):
            if operation.method == method:
                return Match(operation=operation, params=params)
        return None

    def methods(self, product: Product, deployment: Deployment, path: str) -> list[str]:
        """Return the methods that a path answers to; empty for an unknown path."""
        return sorted({o.method for o, _ in self._candidates(product, deployment, path)})

    def _candidates(
        self, product: Product, deployment: Deployment, path: str
    ) -> Iterable[tuple[Operation, Mapping[str, str]]]:
        segments = path.split("/")
        for operation in self._by_size.get((product, deployment, len(segments) - 1), ()):
            params = _params(operation.path.split("/"), segments)
            if params is not None:
                yield operation, params


def _params(template: list[str], segments: list[str]) -> dict[str, str] | None:
    params = {}
    for wanted, given in zip(template, segments, strict=True):
        if wanted.startswith("{"):
            if not given:
                return None
            params[wanted.strip("{}")] = unquote(given)
        elif wanted != unquote(given):
            return None
    return params

"""Faults that a caller orders in advance for requests to come."""

import re
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

FaultKind = Literal["status", "reset", "trickle", "truncate", "lost_response"]

_NAMES = {"method", "path_regex", "times", "fault", "status", "headers", "body"}
_LOWEST_STATUS, _HIGHEST_STATUS = 200, 599


class FaultError(ValueError):
    """An order that makes no sense; the message says what to send."""


@dataclass(kw_only=True)
class Fault:
    """One order; it is used up `times` times.

    `status` answers without running the request, `reset` aborts the connection likewise. `trickle`
    (a byte each 0.2 s), `truncate` (less than content-length says) and `lost_response` (processed,
    then no answer) happen to the real answer.
    """

    method: str = "*"
    path_regex: str = ""
    times: int = 1
    fault: FaultKind
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = ""

    def matches(self, method: str, path: str) -> bool:
        """Tell whether a request meets this fault; `path` is without the query."""
        return self.method in ("*", method) and re.search(self.path_regex, path) is not None


def parse_fault(data: Any) -> Fault:
    """Read one order.

    Raises:
        FaultError: it is not an object, has unknown members, or a value makes no sense.
    """
    if not isinstance(data, dict):
        raise FaultError("A fault is a JSON object")
    if unknown := set(data) - _NAMES:
        raise FaultError(f"Unknown members {sorted(unknown)}; known are {sorted(_NAMES)}")
    if data.get("fault") not in get_args(FaultKind):
        raise FaultError(f"fault must be one of {', '.join(get_args(FaultKind))}")
    given = {name: value for name, value in data.items() if value is not None}
    fault = Fault(**given)
    fault.method = str(fault.method).upper()
    _check_values(fault)
    return fault


def _check_values(fault: Fault) -> None:
    try:
        re.compile(fault.path_regex)
    except (re.error, TypeError) as error:
        raise FaultError(f"path_regex is no regular expression: {error}") from error
    if not _is_int(fault.times) or fault.times < 1:
        raise FaultError("times must be a whole number, 1 or more")
    if not _is_int(fault.status) or not _LOWEST_STATUS <= fault.status <= _HIGHEST_STATUS:
        raise FaultError("status must be a number from 200 to 599")
    if not isinstance(fault.headers, dict):
        raise FaultError("headers must be an object of strings")
    fault.headers = {str(name): str(value) for name, value in fault.headers.items()}


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


class FaultQueue:
    """The faults still to happen, in the order they were asked for."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, orders: Any) -> None:
        """Append one order or a list of them, all or none.

        Raises:
            FaultError: see `parse_fault`.
        """
        many = orders if isinstance(orders, list) else [orders]
        self.waiting.extend([parse_fault(order) for order in many])

    def take(self, method: str, path: str) -> Fault | None:
        """Use up one time of the first fault that this request meets."""
        for fault in self.waiting:
            if fault.matches(method, path):
                fault.times -= 1
                if fault.times == 0:
                    self.waiting.remove(fault)
                return fault
        return None

"""One port of the sandbox: its service behind latency, faults, the log and the state on disk."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from xerus_sandbox.clock import VirtualClock
from xerus_sandbox.config import Config
from xerus_sandbox.delivery import (
    Captured,
    capture,
    drop,
    ready_answer,
    reset,
    send_whole,
    trickle,
    truncate,
)
from xerus_sandbox.faults import Fault, FaultQueue
from xerus_sandbox.log import Note, RequestLog
from xerus_sandbox.state import Journal, Snapshot

_NOTE = "xerus_sandbox.note"
_logger = logging.getLogger("xerus_sandbox")


class Service(Protocol):
    """What runs behind a port: an ASGI application with state of its own."""

    @property
    def app(self) -> ASGIApp:
        """The application."""

    changed: bool
    """Set by the service when there is something to save; cleared by the port."""

    def to_json(self) -> dict[str, Any]:
        """Return the state as data that orjson encodes; it may be live, so encode it at once."""

    def restore(self, data: dict[str, Any]) -> None:
        """Take the state back."""

    def reset(self) -> None:
        """Go back to the seed data."""

    def revoke(self, email: str) -> int:
        """End all grants of an account and return how many there were."""

    def identify(self, authorization: str, note: Note) -> None:
        """Note whose credential this is, for requests that a fault keeps from the service."""


def note_of(request: Request) -> Note:
    """Return what the log will say about this request, to be filled in by its handler."""
    note: Note = request.scope[_NOTE]
    return note


class Port:
    """The ASGI application of one port, controls excluded."""

    def __init__(
        self,
        *,
        name: str,
        folder: Path,
        clock: VirtualClock,
        config: Config,
        service: Service,
        credentials: Mapping[str, Any],
    ) -> None:
        self.name = name
        self.clock = clock
        self.config = config
        self.service = service
        self.credentials = credentials
        self.faults = FaultQueue()
        self._snapshot = Snapshot(folder / f"{name}.json")
        self._journal = Journal(folder / f"{name}-log.jsonl")
        self.log = RequestLog(self._journal)
        self._load()

    def _load(self) -> None:
        saved = self._snapshot.load()
        if saved is None:
            self.save()
            return
        self.clock.offset = saved["clock_offset"]
        self.config.restore(saved["config"])
        self.faults.waiting = [Fault(**fault) for fault in saved["faults"]]
        self.service.restore(saved["service"])

    def save(self) -> None:
        """Write everything but the log, which writes itself."""
        self._snapshot.save(
            {
                "clock_offset": self.clock.offset,
                "config": self.config.values,
                "faults": [asdict(fault) for fault in self.faults.waiting],
                "service": self.service.to_json(),
            }
        )
        self.service.changed = False

    def reset(self) -> None:
        """Go back to seed data, config and clock; no faults and an empty log."""
        self.clock.offset = 0.0
        self.config.reset()
        self.faults.waiting.clear()
        self.log.clear()
        self.service.reset()
        self.save()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, spoilt if a fault is waiting for it."""
        note = Note()
        scope[_NOTE] = note
        started = self.clock.now()
        if self.config["latency_ms"]:
            await asyncio.sleep(self.config["latency_ms"] / 1000)
        fault = self.faults.take(scope["method"], scope["path"])
        answer = await self._answer(fault, scope, receive)
        if fault or self.service.changed:
            self.save()
        self.log.add(
            time=started,
            method=scope["method"],
            path=scope["path"],
            note=note,
            status=answer.status if answer else 0,
        )
        await self._deliver(answer, fault, scope, receive, send)

    async def _answer(self, fault: Fault | None, scope: Scope, receive: Receive) -> Captured | None:
        if fault is None or fault.fault in ("trickle", "truncate", "lost_response"):
            return await self._run(scope, receive)
        authorization = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        self.service.identify(authorization, scope[_NOTE])
        if fault.fault == "reset":
            return None
        return ready_answer(fault.status, fault.headers, fault.body)

    async def _run(self, scope: Scope, receive: Receive) -> Captured:
        try:
            answer = await capture(self.service.app, scope, receive)
        except Exception:
            _logger.exception("%s %s failed", scope["method"], scope["path"])
            answer = ready_answer(500, {}, {"message": "The sandbox failed; its stderr says why."})
        coop = self.config["coop_header"]
        if coop:
            answer.headers.append((b"cross-origin-opener-policy", coop.encode("latin-1")))
        return answer

    async def _deliver(
        self,
        answer: Captured | None,
        fault: Fault | None,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        if answer is None:
            await reset(scope, receive)
            return
        match fault.fault if fault else "none":
            case "lost_response":
                await drop(scope, receive)
            case "truncate":
                await truncate(answer, scope, receive, send)
            case "trickle":
                await trickle(answer, scope, send)
            case _:
                await send_whole(answer, send)

    def close(self) -> None:
        """Save and close the files."""
        self.save()
        self._journal.close()

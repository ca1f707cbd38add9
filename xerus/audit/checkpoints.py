"""Signed ends of all chains, kept in the database and in a file outside it.

A chain alone does not show that its last events were cut off, or that the whole log was replaced
by an older copy: the checkpoints in the file do.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from xerus.audit.store import Head


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The ends of the chains at one instant, and the signature over both."""

    at: datetime
    heads: tuple[Head, ...]
    signature: bytes

    @property
    def events(self) -> int:
        """How many events the log had."""
        return sum(head.n for head in self.heads)


class CheckpointKey:
    """Signs and verifies checkpoints (Ed25519, RFC 8032)."""

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)

    def sign(self, at: datetime, heads: list[Head]) -> Checkpoint:
        """Return the signed checkpoint of `heads` at `at`."""
        ordered = tuple(sorted(heads, key=lambda head: head.shard))
        signature = self._private.sign(_message(at, ordered))
        return Checkpoint(at=at, heads=ordered, signature=signature)

    def genuine(self, checkpoint: Checkpoint) -> bool:
        """Whether this key made the checkpoint."""
        try:
            self._private.public_key().verify(
                checkpoint.signature, _message(checkpoint.at, checkpoint.heads)
            )
        except InvalidSignature:
            return False
        return True


def heads_json(checkpoint: Checkpoint) -> bytes:
    """Return the heads as JSON: `[[shard, n, mac in hex], ...]`."""
    return orjson.dumps([[head.shard, head.n, head.mac.hex()] for head in checkpoint.heads])


def from_stored(at: datetime, heads: Any, signature: bytes) -> Checkpoint:
    """Return the checkpoint that was stored in these parts.

    Raises:
        ValueError: the parts do not have the shape of a checkpoint.
    """
    try:
        parsed = tuple(
            Head(shard=int(shard), n=int(n), mac=bytes.fromhex(mac)) for shard, n, mac in heads
        )
    except TypeError as error:
        raise ValueError("not a checkpoint") from error
    return Checkpoint(at=at, heads=parsed, signature=signature)


def append_line(path: Path, checkpoint: Checkpoint) -> None:
    """Add the checkpoint to the file, durably."""
    line = orjson.dumps(
        {
            "at": _instant(checkpoint.at),
            "heads": orjson.loads(heads_json(checkpoint)),
            "signature": checkpoint.signature.hex(),
        }
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_lines(path: Path) -> Iterator[Checkpoint | None]:
    """Yield each checkpoint of the file, None for a line that is none; nothing if no file.

    A last line without an end is what a crash left of a write, and is passed over.
    """
    if not path.exists():
        return
    *lines, _ = path.read_bytes().split(b"\n")
    for line in lines:
        try:
            kept = orjson.loads(line)
            at = datetime.fromisoformat(kept["at"])
            yield from_stored(at, kept["heads"], bytes.fromhex(kept["signature"]))
        except (ValueError, KeyError, TypeError):
            yield None


def _message(at: datetime, heads: tuple[Head, ...]) -> bytes:
    return orjson.dumps(
        [
            "xerus-audit-checkpoint-1",
            _instant(at),
            [[head.shard, head.n, head.mac.hex()] for head in heads],
        ]
    )


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")

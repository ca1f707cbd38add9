"""Signed ends of all chains, kept in the database and in a file outside it.

A chain alone does not show that its last events were cut off, or that the whole log was replaced
by an older copy: the checkpoints in the file do.
"""

import os
from collections.abc import Iterable, Iterator
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
    """The ends of the chains at one instant, and the signature over both.

    A `base` stands for what was removed: each of its heads is the last event that is gone.
    """

    at: datetime
    heads: tuple[Head, ...]
    signature: bytes
    base: bool = False

    @property
    def events(self) -> int:
        """How many events the log had."""
        return sum(head.n for head in self.heads)

    def covers(self, other: "Checkpoint") -> bool:
        """Tell whether all that the other saw is gone since this base."""
        gone = {head.shard: head.n for head in self.heads}
        return all(head.n <= gone.get(head.shard, 0) for head in other.heads)


class CheckpointKey:
    """Signs and verifies checkpoints (Ed25519, RFC 8032)."""

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)

    def sign(self, at: datetime, heads: Iterable[Head], *, base: bool = False) -> Checkpoint:
        """Return the signed checkpoint of `heads` at `at`, or the base."""
        ordered = tuple(sorted(heads, key=lambda head: head.shard))
        signature = self._private.sign(_message(at, ordered, base=base))
        return Checkpoint(at=at, heads=ordered, signature=signature, base=base)

    def genuine(self, checkpoint: Checkpoint) -> bool:
        """Whether this key made the checkpoint."""
        try:
            self._private.public_key().verify(
                checkpoint.signature,
                _message(checkpoint.at, checkpoint.heads, base=checkpoint.base),
            )
        except InvalidSignature:
            return False
        return True


def heads_json(checkpoint: Checkpoint) -> bytes:
    """Return the heads as JSON: `[[shard, n, mac in hex], ...]`."""
    return orjson.dumps([[head.shard, head.n, head.mac.hex()] for head in checkpoint.heads])


def from_stored(at: datetime, heads: Any, signature: bytes, *, base: bool) -> Checkpoint:
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
    return Checkpoint(at=at, heads=parsed, signature=signature, base=base)


def append_line(path: Path, checkpoint: Checkpoint) -> None:
    """Add the checkpoint to the file, durably."""
    _write(path, _line(checkpoint), os.O_APPEND)


def append_base(path: Path, base: Checkpoint) -> None:
    """Add the base to the file, durably, without the checkpoints that it covers.

    A file that may only grow keeps them; they say nothing that is wrong.
    """
    rest = b"".join(
        line + b"\n"
        for line in (path.read_bytes().split(b"\n")[:-1] if path.exists() else [])
        if (kept := _parsed(line)) is None or not base.covers(kept)
    )
    beside = path.with_name(f"{path.name}.new")
    try:
        _write(beside, rest + _line(base), os.O_TRUNC)
        beside.replace(path)
    except OSError:
        append_line(path, base)


def _line(checkpoint: Checkpoint) -> bytes:
    told = {
        "at": _instant(checkpoint.at),
        "heads": orjson.loads(heads_json(checkpoint)),
        "signature": checkpoint.signature.hex(),
    }
    return orjson.dumps(told | ({"base": True} if checkpoint.base else {})) + b"\n"


def _write(path: Path, text: bytes, flag: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flag, 0o600)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(text)
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
        yield _parsed(line)


def _parsed(line: bytes) -> Checkpoint | None:
    try:
        kept = orjson.loads(line)
        at = datetime.fromisoformat(kept["at"])
        signature = bytes.fromhex(kept["signature"])
        return from_stored(at, kept["heads"], signature, base=kept.get("base") is True)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _message(at: datetime, heads: tuple[Head, ...], *, base: bool) -> bytes:
    return orjson.dumps(
        [
            "xerus-audit-base-1" if base else "xerus-audit-checkpoint-1",
            _instant(at),
            [[head.shard, head.n, head.mac.hex()] for head in heads],
        ]
    )


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")

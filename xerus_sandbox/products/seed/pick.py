"""Choosing without chance: the same key always gives the same choice."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar
from zlib import crc32

Item = TypeVar("Item")

TODAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC).timestamp()
"""The day on which the seed data ends."""
DAY = 86400.0


def number(key: str, below: int) -> int:
    """Return a number from 0 to `below` - 1."""
    return crc32(key.encode()) % below


def pick(key: str, items: Sequence[Item]) -> Item:
    """Return one of the items."""
    return items[number(key, len(items))]

"""What a person approves: one tool with exactly these arguments."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def canonical(arguments: Mapping[str, Any]) -> str:
    """Return arguments as JSON that is the same for the same values."""
    return json.dumps(arguments, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def call_hash(tool: str, arguments: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 of a tool's name and its canonical arguments."""
    return hashlib.sha256(f"{tool}\n{canonical(arguments)}".encode()).digest()

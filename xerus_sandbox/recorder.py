"""Keeping product answers for the contract check (`python -m xerus_sandbox.contract`)."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from xerus_sandbox.state import Journal

_KEPT_HEADERS = ("content-type", "link")


class Recorder:
    """Appends answers to `DIR/answers-{pid}.jsonl`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._journal = Journal(folder / f"answers-{os.getpid()}.jsonl")

    def record(
        self,
        *,
        spec: str,
        deployment: str,
        method: str,
        path_template: str,
        status: int,
        request_body: bytes,
        response_headers: Mapping[str, str],
        body: bytes,
        fault: bool,
    ) -> None:
        """Append one answer; bodies that are not JSON are kept as text or left out."""
        self._journal.append(
            {
                "spec": spec,
                "deployment": deployment,
                "method": method,
                "path_template": path_template,
                "status": status,
                "request_body": _readable(request_body),
                "response_headers": {
                    name: value for name, value in response_headers.items() if name in _KEPT_HEADERS
                },
                "body": _readable(body),
                "fault": fault,
            }
        )


def _readable(body: bytes) -> Any:
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None

"""Moving issues to another project: a task on Cloud; Data Center has no API for it."""

import asyncio
from typing import Any

from xerus.atlassian.jira.client import WRITE, Jira

_PAUSES = (0.0, 0.3, 0.7, 1.5, 2.5, 4.0, 6.0)
_RUNNING = frozenset({"ENQUEUED", "RUNNING"})


async def move(jira: Jira, issue_key: str, *, project_key: str, type_id: str) -> dict[str, Any]:
    """Move an issue with its subtasks; return the progress of the task, finished or not."""
    target = {
        "issueIdsOrKeys": [issue_key],
        "inferClassificationDefaults": True,
        "inferFieldDefaults": True,
        "inferStatusDefaults": True,
        "inferSubtaskTypeDefault": True,
    }
    body = {
        "sendBulkNotification": False,
        "targetToSourcesMapping": {f"{project_key},{type_id}": target},
    }
    task = await jira.call("POST", "/bulk/issues/move", json=body, scope=WRITE)
    path = {"taskId": str(task["taskId"])}
    progress: dict[str, Any] = {}
    for pause in _PAUSES:
        await asyncio.sleep(pause)
        progress = await jira.call("GET", "/bulk/queue/{taskId}", path=path)
        if progress.get("status") not in _RUNNING:
            break
    return progress

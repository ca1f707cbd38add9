"""Version 2 of Cloud's API: version 3 with wiki markup where that has documents.

Atlassian keeps it beside version 3, and clients of others use it by default. What is written here
is kept as ADF, like all texts of Cloud.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import orjson

from xerus_sandbox.operations import Answer, Call, Operation
from xerus_sandbox.products.documents import adf, from_storage, wiki
from xerus_sandbox.products.jira.operations import Run
from xerus_sandbox.products.jira.scheme import FIELDS
from xerus_sandbox.products.world import World

_VERSION_3, _VERSION_2 = "/rest/api/3/", "/rest/api/2/"
_SPEC = "jira-cloud-platform-v2"
_TEXTS = frozenset(
    {
        "description",
        "body",
        *(one.id for one in FIELDS.values() if "textarea" in (one.custom or "")),
    }
)


def operations(of_version_3: Iterable[Operation]) -> tuple[Operation, ...]:
    """Return the operations of version 2 for those of version 3."""
    return tuple(
        replace(
            one,
            path=one.path.replace(_VERSION_3, _VERSION_2, 1),
            spec=_SPEC,
            run=_in_wiki(one.run, is_worklog="/worklog" in one.path),
        )
        for one in of_version_3
        if one.path.startswith(_VERSION_3)
    )


def _in_wiki(run: Run, *, is_worklog: bool) -> Run:
    texts = _TEXTS | {"comment"} if is_worklog else _TEXTS

    def operation(world: World, call: Call) -> Answer:
        answer = run(world, replace(call, body=_documents_in(call, texts)))
        return (
            answer if isinstance(answer.body, bytes) else replace(answer, body=_wiki(answer.body))
        )

    return operation


def _documents_in(call: Call, texts: frozenset[str]) -> bytes:
    if not call.headers.get("content-type", "").startswith("application/json") or not call.body:
        return call.body
    try:
        return orjson.dumps(_adf(orjson.loads(call.body), texts))
    except orjson.JSONDecodeError:
        return call.body


def _adf(value: Any, texts: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_adf(one, texts) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: from_storage.to_adf(wiki.to_storage(one))
        if name in texts and isinstance(one, str) and one
        else _adf(one, texts)
        for name, one in value.items()
    }


def _wiki(value: Any) -> Any:
    """Replace documents by their words: the sandbox writes no markup."""
    if isinstance(value, list):
        return [_wiki(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") == "doc" and "content" in value:
        return adf.plain_text(value)
    return {name: _wiki(one) for name, one in value.items()}

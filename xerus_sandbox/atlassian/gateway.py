"""Everything that is not OAuth: admits a request, checks its scopes, runs the operation."""

from collections.abc import Mapping
from dataclasses import replace

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from xerus_sandbox.accounts import CLOUD_IDS
from xerus_sandbox.atlassian.dc_oauth import SCOPES
from xerus_sandbox.atlassian.doors import Doors, Entrance, Refused
from xerus_sandbox.atlassian.oauth_resources import scope_mismatch
from xerus_sandbox.atlassian.product_store import ProductStore
from xerus_sandbox.clock import VirtualClock
from xerus_sandbox.opaque import random_text
from xerus_sandbox.operations import Answer, Call, Operation
from xerus_sandbox.port import note_of
from xerus_sandbox.recorder import Recorder
from xerus_sandbox.routes import Match, OperationTable

MAX_BODY_BYTES = 20 * 1024 * 1024


class TooLarge(Exception):
    """The request's body is over `MAX_BODY_BYTES`."""


class Gateway:
    """The ASGI application behind `/ex`, `/site` and `/dc`."""

    def __init__(
        self,
        *,
        doors: Doors,
        table: OperationTable,
        store: ProductStore,
        clock: VirtualClock,
        recorder: Recorder | None,
    ) -> None:
        self._doors = doors
        self._table = table
        self._store = store
        self._clock = clock
        self._recorder = recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except Refused as refused:
            response = JSONResponse(refused.body, status_code=refused.status)
        except TooLarge:
            body = {"code": 413, "message": "Request body is larger than 20 MB"}
            response = JSONResponse(body, status_code=413)
        # The identifier that Atlassian's support asks for.
        response.headers["atl-traceid"] = random_text(32)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        path = request.scope["raw_path"].decode("ascii", "replace")
        if tenant := _tenant_info(path):
            return JSONResponse({"cloudId": tenant})
        authorization = request.headers.get("authorization", "")
        entrance = self._doors.enter(path, authorization, note_of(request))
        method = "GET" if request.method == "HEAD" else request.method
        entrance = replace(entrance, path=_versioned(entrance))
        match = self._table.find(entrance.product, entrance.deployment, method, entrance.path)
        if match is None:
            return self._unknown(request, entrance)
        if entrance.deployment == "dc":
            if lacked := _lacked_on_data_center(method, entrance.scopes):
                return _insufficient_scope(lacked)
        elif not _has_scopes(match.operation, entrance.scopes):
            return scope_mismatch()
        call = self._call(request, entrance, match, await _body(request))
        answer = self._store.run(match.operation, call, entrance.path)
        return self._send(match.operation, call, answer)

    def _unknown(self, request: Request, entrance: Entrance) -> Response:
        methods = self._table.methods(entrance.product, entrance.deployment, entrance.path)
        if not methods:
            return JSONResponse({"code": 404, "message": "Not Found"}, status_code=404)
        status = 200 if request.method == "OPTIONS" else 405
        return Response(status_code=status, headers={"allow": ", ".join([*methods, "OPTIONS"])})

    def _call(self, request: Request, entrance: Entrance, match: Match, body: bytes) -> Call:
        return Call(
            account=entrance.account,
            site=entrance.site,
            deployment=entrance.deployment,
            method=match.operation.method,
            path=entrance.path,
            params=match.params,
            query=request.query_params,
            headers=dict(request.headers),
            body=body,
            now=self._clock.now(),
        )

    def _send(self, operation: Operation, call: Call, answer: Answer) -> Response:
        body, headers = _encoded(answer)
        if self._recorder:
            self._recorder.record(
                spec=operation.spec,
                deployment=operation.deployment,
                method=operation.method,
                path_template=operation.path,
                status=answer.status,
                request_body=call.body,
                response_headers=headers,
                body=body,
                fault=False,
            )
        return Response(body, status_code=answer.status, headers=headers)


def _tenant_info(path: str) -> str | None:
    # Answered without a credential, on a site's own address only.
    parts = path.split("/")
    if parts[1:2] == ["site"] and parts[3:] == ["_edge", "tenant_info"]:
        return CLOUD_IDS.get(parts[2])
    return None


def _versioned(entrance: Entrance) -> str:
    """Return a path with the version that "latest" stands for; of Cloud that is not confirmed."""
    number = "3" if entrance.deployment == "cloud" else "2"
    if entrance.product != "jira":
        return entrance.path
    return entrance.path.replace("/rest/api/latest/", f"/rest/api/{number}/", 1)


def _has_scopes(operation: Operation, scopes: frozenset[str] | None) -> bool:
    if scopes is None or not operation.scopes:
        return True
    return any(alternative <= scopes for alternative in operation.scopes)


def _lacked_on_data_center(method: str, scopes: frozenset[str] | None) -> str:
    """Return the scope that an application link's token lacks, '' for none (facts b9)."""
    if scopes is None:
        return ""
    needed = SCOPES if method == "GET" else SCOPES[1:]
    return "" if scopes.intersection(needed) else needed[0]


def _insufficient_scope(scope: str) -> Response:
    # What Data Center says here was not seen; this is RFC 6750 3.1.
    return JSONResponse(
        {"message": f"The token lacks the scope {scope}", "status-code": 403},
        status_code=403,
        headers={"www-authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
    )


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge
    return bytes(body)


def _encoded(answer: Answer) -> tuple[bytes, dict[str, str]]:
    headers = _lower(answer.headers)
    if answer.body is None:
        return b"", headers
    if isinstance(answer.body, bytes):
        headers.setdefault("content-type", "application/octet-stream")
        return answer.body, headers
    headers.setdefault("content-type", "application/json;charset=UTF-8")
    return orjson.dumps(answer.body), headers


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}

"""The two pages of Microsoft Graph that a client of Entra ID asks: userinfo and memberships."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xerus_sandbox.accounts import ADMIN_GROUP_ID, BY_EMAIL, fixed_guid
from xerus_sandbox.clock import VirtualClock
from xerus_sandbox.config import Config
from xerus_sandbox.entra.directory import Directory
from xerus_sandbox.entra.keys import read_graph_token
from xerus_sandbox.entra.tokens import GRAPH
from xerus_sandbox.port import note_of

_MAY_READ_GROUPS = frozenset({"User.Read", "GroupMember.Read.All"})
_OTHER_GROUPS = 205
_PAGE = 100


class Graph:
    """`/oidc/userinfo` and `/v1.0/me/transitiveMemberOf`, with tokens that only Graph can verify."""

    def __init__(
        self, directory: Directory, clock: VirtualClock, config: Config, base_url: str
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._config = config
        self._base_url = base_url
        self.routes = [
            Route("/oidc/userinfo", self._userinfo, methods=["GET", "POST"]),
            Route("/v1.0/me/transitiveMemberOf", self._memberships),
        ]

    def _claims(self, request: Request) -> dict[str, Any] | None:
        _, _, token = request.headers.get("authorization", "").partition(" ")
        claims = read_graph_token(token, self._directory.keys)
        if claims is None or claims["aud"] != GRAPH or claims["exp"] <= self._clock.now():
            return None
        note_of(request).account = claims["upn"]
        note_of(request).credential = "oauth"
        return claims

    async def _userinfo(self, request: Request) -> Response:
        claims = self._claims(request)
        if claims is None:
            return _refused(401, "InvalidAuthenticationToken", "Access token is invalid.")
        account = BY_EMAIL[claims["upn"]]
        return JSONResponse({"sub": claims["sub"], "name": account.name, "email": account.email})

    async def _memberships(self, request: Request) -> Response:
        claims = self._claims(request)
        if claims is None:
            return _refused(401, "InvalidAuthenticationToken", "Access token is invalid.")
        if _MAY_READ_GROUPS.isdisjoint(claims["scp"].split()):
            text = "Insufficient privileges to complete the operation."
            return _refused(403, "Authorization_RequestDenied", text)
        groups = self._groups_of(claims["upn"])
        # Graph may answer with fewer than `$top` and a link to the rest.
        start = int(request.query_params.get("$skiptoken", "0"))
        rows = [
            {"@odata.type": "#microsoft.graph.group", "id": group}
            for group in groups[start : start + _PAGE]
        ]
        answer: dict[str, Any] = {"value": rows}
        if start + _PAGE < len(groups):
            path = f"/v1.0/me/transitiveMemberOf?$select=id&$skiptoken={start + _PAGE}"
            answer["@odata.nextLink"] = f"{self._base_url}{path}"
        return JSONResponse(answer)

    def _groups_of(self, email: str) -> list[str]:
        crowd = email in self._config["groups_overage"]
        others = [fixed_guid(f"group {n}") for n in range(_OTHER_GROUPS)] if crowd else []
        member = email in self._config["group_members"]
        return [*others, ADMIN_GROUP_ID] if member else others


def _refused(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status)

"""What a token can see about itself: accessible resources and `/me`."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xerus_sandbox.accounts import BY_EMAIL, cloud_sites
from xerus_sandbox.atlassian.oauth_grants import Admission, Grants
from xerus_sandbox.config import Config
from xerus_sandbox.operations import Site
from xerus_sandbox.port import note_of

_NOT_OF_A_SITE = {"offline_access", "read:me", "read:account"}


class ResourceEndpoints:
    """`/oauth/token/accessible-resources` and `/me`, by bearer token."""

    def __init__(self, grants: Grants, config: Config, base_url: str) -> None:
        self._grants = grants
        self._config = config
        self._base_url = base_url
        self.routes = [
            Route("/oauth/token/accessible-resources", self._resources),
            Route("/me", self._me),
        ]

    def _admit(self, request: Request) -> Admission | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        admission = self._grants.admit(token) if scheme.lower() == "bearer" else None
        if admission:
            note_of(request).account = admission.email
            note_of(request).credential = "oauth"
        return admission

    async def _resources(self, request: Request) -> Response:
        admission = self._admit(request)
        if admission is None:
            return unauthorized()
        sites = cloud_sites(self._base_url)
        entries = []
        for name in admission.sites:
            entries.extend(self._entries(sites[name], admission))
        return JSONResponse(entries)

    def _entries(self, site: Site, admission: Admission) -> list[dict[str, object]]:
        scopes = sorted(admission.scopes - _NOT_OF_A_SITE)
        confluence = [scope for scope in scopes if "confluence" in scope]
        jira = [scope for scope in scopes if scope not in confluence]
        by_product = [jira, confluence if "confluence" in site.products else []]
        mine = [part for part in by_product if part]
        if not self._config["duplicate_resources"]:
            mine = [[scope for part in mine for scope in part]] if mine else []
        return [self._entry(site, part) for part in mine]

    def _entry(self, site: Site, scopes: list[str]) -> dict[str, object]:
        return {
            "id": site.cloud_id,
            "url": site.url,
            "name": site.name,
            "scopes": scopes,
            "avatarUrl": f"{self._base_url}/site/{site.name}/avatar.png",
        }

    async def _me(self, request: Request) -> Response:
        admission = self._admit(request)
        if admission is None:
            return unauthorized()
        if "read:me" not in admission.scopes:
            return scope_mismatch()
        account = BY_EMAIL[admission.email]
        return JSONResponse(
            {
                "account_type": "atlassian",
                "account_id": account.account_id,
                "email": account.email,
                "name": account.name,
                "picture": f"{self._base_url}/avatar/{account.account_id}.png",
                "account_status": "active",
                "nickname": account.username,
                "zoneinfo": "Europe/London",
                "locale": "en-GB",
                "extended_profile": {},
                "email_verified": True,
            }
        )


def unauthorized() -> Response:
    """Return the gateway's answer to a missing, unknown or expired token."""
    return JSONResponse({"code": 401, "message": "Unauthorized"}, status_code=401)


def scope_mismatch() -> Response:
    """Return the gateway's answer to a token that lacks a scope (facts b5)."""
    return JSONResponse(
        {"code": 401, "message": "Unauthorized; scope does not match"},
        status_code=401,
        headers={"x-failure-category": "FAILURE_CLIENT_SCOPE_CHECK"},
    )

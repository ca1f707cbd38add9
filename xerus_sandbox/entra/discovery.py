"""Discovery document and key set of the simulated Entra ID."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xerus_sandbox.accounts import TENANT_ID
from xerus_sandbox.entra.directory import Directory

SHARED_TENANTS = ("common", "organizations")


class Discovery:
    """`/{tenant}/v2.0/.well-known/openid-configuration` and `/{tenant}/discovery/v2.0/keys`."""

    def __init__(self, directory: Directory, base_url: str) -> None:
        self._directory = directory
        self._base_url = base_url
        self.routes = [
            Route("/{tenant}/v2.0/.well-known/openid-configuration", self._configuration),
            Route("/{tenant}/discovery/v2.0/keys", self._keys),
        ]

    async def _configuration(self, request: Request) -> Response:
        tenant = request.path_params["tenant"]
        if not is_tenant(tenant):
            return unknown_tenant(tenant)
        return JSONResponse(self._document(tenant), headers={"cache-control": "max-age=86400"})

    def _document(self, tenant: str) -> dict[str, Any]:
        base = f"{self._base_url}/{tenant}"
        # The shared tenants name their issuer by a template that nothing equals (facts d7).
        issuer_tenant = "{tenantid}" if tenant in SHARED_TENANTS else tenant
        return {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": [
                "client_secret_post",
                "private_key_jwt",
                "client_secret_basic",
            ],
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"{self._base_url}/{issuer_tenant}/v2.0",
            "request_uri_parameter_supported": False,
            "userinfo_endpoint": f"{self._base_url}/oidc/userinfo",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "http_logout_supported": True,
            "frontchannel_logout_supported": True,
            "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
            "claims_supported": [
                *("sub", "iss", "cloud_instance_name", "cloud_instance_host_name"),
                *("cloud_graph_host_name", "msgraph_host", "aud", "exp", "iat", "auth_time"),
                *("acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash"),
                *("c_hash", "email"),
            ],
            "kerberos_endpoint": f"{base}/kerberos",
            "tenant_region_scope": "WW",
            "cloud_instance_name": "microsoftonline.com",
            "cloud_graph_host_name": "graph.windows.net",
            "msgraph_host": "graph.microsoft.com",
            "rbac_url": "https://pas.windows.net",
        }

    async def _keys(self, request: Request) -> Response:
        tenant = request.path_params["tenant"]
        if not is_tenant(tenant):
            return unknown_tenant(tenant)
        issuer = f"{self._base_url}/{{tenantid}}/v2.0"
        self._directory.signing_key()
        keys = [key.jwk(issuer) for key in self._directory.keys]
        return JSONResponse({"keys": keys}, headers={"cache-control": "max-age=86400"})


def is_tenant(name: str) -> bool:
    """Tell whether a path's tenant is the simulated one or a shared name."""
    return name == TENANT_ID or name in SHARED_TENANTS


def unknown_tenant(name: str) -> Response:
    """Return the refusal of a tenant that does not exist."""
    text = f"AADSTS90002: Tenant '{name}' not found."
    body = {"error": "invalid_tenant", "error_description": text, "error_codes": [90002]}
    return JSONResponse(body, status_code=400)

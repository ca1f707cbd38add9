"""`/healthz`, `/readyz` and `/metrics`: what a load balancer and Prometheus ask."""

import hmac

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from xerus.app.key_provider import ProviderWatch
from xerus.db.database import Database
from xerus.errors import XerusError
from xerus.telemetry import metrics as exposition
from xerus.telemetry.metrics import Metrics
from xerus.vault.service import Vault

_LOOPBACK = frozenset({"127.0.0.1", "::1"})


def probe_routes(
    *,
    db: Database,
    vault: Vault,
    provider: ProviderWatch,
    metrics: Metrics,
    metrics_token: SecretStr | None,
) -> list[Route]:
    """Return the three routes; they answer under any Host."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        checks = {"database": await db.ready(), "keys": await _keys_ready(vault)}
        status = 200 if all(checks.values()) else 503
        # Without its key provider a process is as ready as before; it could only not start anew.
        also = {} if provider.answers else {"key_provider": False}
        return JSONResponse({"ready": status == 200, **checks, **also}, status)  # noqa: PLR2004

    async def show_metrics(request: Request) -> Response:
        if not _may_read_metrics(request, metrics_token):
            return PlainTextResponse(
                "Metrics are for loopback, or for a bearer of XERUS_METRICS_TOKEN.\n", 403
            )
        return Response(metrics.render(), media_type=exposition.CONTENT_TYPE)

    return [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/readyz", readyz, methods=["GET"]),
        Route("/metrics", show_metrics, methods=["GET"]),
    ]


async def _keys_ready(vault: Vault) -> bool:
    try:
        await vault.check()
    except XerusError:
        return False
    return True


def _may_read_metrics(request: Request, token: SecretStr | None) -> bool:
    if token is None:
        # A forwarded request comes from a proxy on this machine, not from this machine.
        direct = "x-forwarded-for" not in request.headers and "forwarded" not in request.headers
        return direct and request.client is not None and request.client.host in _LOOPBACK
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(given.encode(), token.get_secret_value().encode())

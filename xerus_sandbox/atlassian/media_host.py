"""The host that files are read from. It wants the signature in the address and nothing else."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xerus_sandbox.atlassian.product_store import ProductStore
from xerus_sandbox.products import media


class MediaHost:
    """Serves `/media/file/...`."""

    def __init__(self, store: ProductStore) -> None:
        self._store = store
        path = "/media/file/{product}/{site}/{attachment_id}"
        self.routes = [Route(path, self._file, methods=["GET"])]

    async def _file(self, request: Request) -> Response:
        if "authorization" in request.headers:
            # Whoever forwards a bearer to another host has given it away.
            message = "Only one auth mechanism allowed"
            return JSONResponse({"code": 400, "message": message}, status_code=400)
        names = request.path_params
        token = request.query_params.get("token", "")
        found = media.find(
            self._store.world, names["product"], names["site"], names["attachment_id"], token
        )
        if found is None:
            return JSONResponse({"code": 403, "message": "Forbidden"}, status_code=403)
        answer = media.content(found)
        return Response(answer.body, headers=dict(answer.headers))

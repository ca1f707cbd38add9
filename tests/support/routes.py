"""Every route of the product, read off the composed application."""

import re
from dataclasses import dataclass

from starlette.routing import Route

from tests.support.database import embedded
from tests.support.stack import Xerus
from xerus.app.composition import compose
from xerus.app.foundation import DatabaseUrls
from xerus.app.roles import Role
from xerus.settings import loading

_PARAMETER = re.compile(r"\{\w+(:\w+)?\}")
_METHODS = ("GET", "POST", "PUT", "DELETE")


@dataclass(frozen=True, order=True)
class Operation:
    """A method of a route; parameters of the path have a value that names nothing."""

    path: str
    method: str


async def operations(xerus: Xerus) -> list[Operation]:
    """Return what the running `xerus` serves, composed once more on its database."""
    data = xerus.folder / "data"
    env = {**xerus.env, "XERUS_DATA_DIR": str(data), "XERUS_PUBLIC_URL": xerus.url}
    login = embedded(data).login
    urls = DatabaseUrls(login=login, direct=login, owner=login)
    application = await compose(
        loading.load(env), urls=urls, roles=frozenset({*Role} - {Role.WORKER})
    )
    async with application.http.router.lifespan_context(application.http):
        routes = [one for one in application.http.routes if isinstance(one, Route)]
    return sorted(
        Operation(path=_PARAMETER.sub("x", route.path), method=method)
        for route in routes
        for method in route.methods or _METHODS
        if method in _METHODS
    )

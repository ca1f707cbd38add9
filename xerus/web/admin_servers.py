"""GET /admin/servers: the MCP servers beyond Atlassian; one added by its address. Administrators only."""

from dataclasses import dataclass

from pydantic import SecretStr
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.errors import UpstreamError
from xerus.remotes.administration import ServerLine
from xerus.remotes.entered import CannotBeAdded, NewServer, Way
from xerus.remotes.probe import Seen, Wants
from xerus.remotes.servers import Auth, Registered
from xerus.web import access
from xerus.web.deps import WebDeps

PATH = "/admin/servers"


@dataclass(frozen=True, kw_only=True)
class Told:
    """A server as the pages show it."""

    line: ServerLine
    state: str
    icon: str
    kind: str
    proof: str

    @property
    def row(self) -> Registered:
        """What is kept of it."""
        return self.line.row


class AdminServers:
    """Lists servers and adds one."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.admin_page(self._deps, PATH, self._list),
            access.admin_page(self._deps, f"{PATH}/add", self._ask),
            access.admin_action(self._deps, f"{PATH}/look", self._look),
            access.admin_action(self._deps, f"{PATH}/add", self._add),
        ]

    async def _list(self, request: Request, session: Session) -> Response:
        return self._deps.pages.render(
            request,
            "servers/list.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            servers=[told(line) for line in await self._deps.servers.all()],
            removed=request.query_params.get("done") == "removed",
        )

    async def _ask(self, request: Request, session: Session) -> Response:
        return self._address(request, session, "", None)

    async def _look(self, request: Request, session: Session, form: FormData) -> Response:
        url = access.field(form, "url").strip()
        try:
            seen = await self._deps.servers.look(url)
        except UpstreamError as error:
            return self._address(request, session, url, error)
        name, slug = await self._deps.servers.suggested(seen)
        entered = NewServer(url=url, name=name, slug=slug, way=_fitting(seen))
        return self._choice(request, session, seen, entered, ())

    async def _add(self, request: Request, session: Session, form: FormData) -> Response:
        entered = _entered(form)
        try:
            row = await self._deps.servers.add(entered, by=session.user.id)
        except CannotBeAdded as error:
            return await self._again(request, session, entered, error.mistakes)
        return RedirectResponse(f"{PATH}/one?id={row.server.id}&done=added", 303)

    async def _again(
        self, request: Request, session: Session, entered: NewServer, mistakes: tuple[str, ...]
    ) -> Response:
        try:
            seen = await self._deps.servers.look(entered.url)
        except UpstreamError as error:
            return self._address(request, session, entered.url, error)
        return self._choice(request, session, seen, entered, mistakes)

    def _address(
        self, request: Request, session: Session, url: str, error: UpstreamError | None
    ) -> Response:
        return self._deps.pages.render(
            request,
            "servers/address.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            status=400 if error else 200,
            url=url,
            error=error,
        )

    def _choice(
        self,
        request: Request,
        session: Session,
        seen: Seen,
        entered: NewServer,
        mistakes: tuple[str, ...],
    ) -> Response:
        return self._deps.pages.render(
            request,
            "servers/choice.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            status=400 if mistakes else 200,
            seen=seen,
            entered=entered,
            mistakes=mistakes,
            public_url=self._deps.public_url,
        )


def _entered(form: FormData) -> NewServer:
    way = access.field(form, "way")
    return NewServer(
        url=access.field(form, "url").strip(),
        name=access.field(form, "name").strip(),
        slug=access.field(form, "slug").strip(),
        way=Way(way) if way in set(Way) else Way.NOTHING,
        key_header=access.field(form, "key_header").strip() or "Authorization",
        key=SecretStr(access.field(form, "key").strip()),
        client_id=access.field(form, "client_id").strip(),
        client_secret=SecretStr(access.field(form, "client_secret").strip()),
        scopes=" ".join(access.field(form, "scopes").split()),
    )


def _fitting(seen: Seen) -> Way:
    if seen.found is not None:
        return Way.SIGN_IN if seen.found.registration_endpoint else Way.SIGN_IN_AS_CLIENT
    return Way.NOTHING if seen.wants is Wants.NOTHING else Way.OWN_KEYS


_PROOFS = {Auth.NONE: "Without a credential", Auth.OAUTH: "Each person signs in there"}


def told(line: ServerLine) -> Told:
    """Return a server in words."""
    row = line.row
    proof = _PROOFS.get(row.server.auth) or (
        "Each person's own key" if row.key_of_each else "One key for everybody"
    )
    if not row.enabled:
        return Told(line=line, state="Switched off", icon="ban", kind="", proof=proof)
    if row.server.away_since is not None:
        return Told(
            line=line, state="Does not answer", icon="triangle-alert", kind="bad", proof=proof
        )
    if row.reach_error is not None:
        return Told(
            line=line, state="Last call failed", icon="triangle-alert", kind="warn", proof=proof
        )
    if row.reached_at is None:
        return Told(line=line, state="Not called yet", icon="circle-dashed", kind="", proof=proof)
    return Told(line=line, state="Answers", icon="circle-check", kind="ok", proof=proof)

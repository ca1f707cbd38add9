"""MCP servers behind the pages: what administrators see of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from xerus.connections.views import ConnectionView, FlowView, Outcome, Started
from xerus.errors import EgressRefused, NotFound, XerusError
from xerus.ids import FlowId, RemoteServerId, SessionId, UserId
from xerus.remotes.administration import ServerLine
from xerus.remotes.checks import Tried
from xerus.remotes.entered import CannotBeAdded, NewServer
from xerus.remotes.probe import Seen, Wants
from xerus.remotes.servers import Auth, OAuthClient, Registered, RemoteServer

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def server(slug: str, name: str, *, auth: Auth = Auth.NONE, handed: bool = False) -> RemoteServer:
    return RemoteServer(
        id=RemoteServerId(f"id-{slug}"),
        slug=slug,
        name=name,
        url=f"https://{slug}.example.com/mcp",
        auth=auth,
        hands_atlassian_token=handed,
    )


def registered(one: RemoteServer, *, key_of_each: bool = False) -> Registered:
    return Registered(
        server=one,
        enabled=True,
        key_header="Authorization" if one.auth is Auth.API_KEY else "",
        key_of_each=key_of_each,
        oauth=None,
        added_at=NOW - timedelta(days=9),
        reached_at=NOW - timedelta(minutes=4),
        reach_ms=210,
        reach_error=None,
        tools=12,
    )


def signing_in(slug: str, name: str) -> Registered:
    one = server(slug, name, auth=Auth.OAUTH)
    client = OAuthClient(
        issuer="https://login.example.com",
        authorization_endpoint="https://login.example.com/authorize",
        token_endpoint="https://login.example.com/token",
        revocation_endpoint="https://login.example.com/revoke",
        client_id="6f1c-xerus",
        auth_method="client_secret_basic",
        scopes=("docs:read", "docs:write"),
        resource=one.url,
        names_issuer=True,
        registration_uri="https://login.example.com/register/6f1c-xerus",
        is_registered=True,
    )
    return replace(registered(one), oauth=client)


class FakeServers:
    def __init__(self) -> None:
        self.rows: dict[str, ServerLine] = {}
        self.calls: list[tuple[str, str, UserId]] = []
        self.seen = Seen(url="https://docs.example.com/mcp", wants=Wants.NOTHING, name="Docs")

    def put(self, row: Registered, *, people: int = 0, ended: int = 0) -> None:
        self.rows[row.server.id] = ServerLine(row=row, people=people, ended=ended)

    async def all(self) -> Sequence[ServerLine]:
        return list(self.rows.values())

    async def get(self, server_id: str) -> ServerLine:
        if server_id not in self.rows:
            raise NotFound("There is no such MCP server.")
        return self.rows[server_id]

    async def look(self, url: str) -> Seen:
        if not url.startswith("https://"):
            raise EgressRefused("Xerus does not call this address: it has to begin with https.")
        return replace(self.seen, url=url)

    async def suggested(self, seen: Seen) -> tuple[str, str]:
        return seen.name, "docs"

    async def add(self, new: NewServer, *, by: UserId) -> Registered:
        if not new.name:
            raise CannotBeAdded(["The name is missing."])
        row = registered(server(new.slug, new.name))
        self.put(row)
        self.calls.append(("add", new.slug, by))
        return row

    async def rename(self, server_id: str, name: str, *, by: UserId) -> None:
        if not name:
            raise CannotBeAdded(["The name is missing."])
        self.calls.append(("rename", name, by))

    async def register_again(self, server_id: str, *, by: UserId) -> None:
        self.calls.append(("register", server_id, by))

    async def switch(self, server_id: str, *, enabled: bool, by: UserId) -> None:
        self.calls.append(("on" if enabled else "off", server_id, by))

    async def new_key(self, server_id: str, key: SecretStr, *, by: UserId) -> None:
        self.calls.append(("key", server_id, by))

    async def hand_tokens(self, server_id: str, typed: str, *, by: UserId) -> None:
        host = self.rows[server_id].server.host
        if typed != host:
            raise CannotBeAdded([f"Type {host} to confirm. Nothing was changed."])
        self.calls.append(("hand", server_id, by))

    async def keep_tokens(self, server_id: str, *, by: UserId) -> None:
        self.calls.append(("keep", server_id, by))

    async def believe(self, server_id: str, *, believes: bool, by: UserId) -> None:
        line = self.rows[server_id]
        trusted = replace(line.row.server, trusts_annotations=believes)
        self.put(replace(line.row, server=trusted), people=line.people)
        self.calls.append(("trust" if believes else "distrust", server_id, by))

    async def remove(self, server_id: str, *, by: UserId) -> None:
        self.calls.append(("remove", server_id, by))
        del self.rows[server_id]


class FakeLink:
    """One server as a person's pages use it."""

    def __init__(self, row: Registered, shown: ConnectionView) -> None:
        self.row = row
        self.shown = shown
        self.newest: FlowView | None = None
        self.outcome: Outcome | None = None
        self.tried = Tried(seconds=0.2, error=None)
        self.refuses_key: XerusError | None = None
        self.calls: list[tuple[str, str]] = []

    async def begin(self, *, user_id: UserId, session_id: SessionId, return_to: str) -> Started:
        self.calls.append(("begin", return_to))
        return Started(flow_id=FlowId("f1"), url="https://login.example.com/authorize?state=x")

    async def complete(
        self, *, user_id: UserId, session_id: SessionId, query: Mapping[str, str]
    ) -> Outcome:
        assert self.outcome is not None
        return self.outcome

    async def keep_key(self, user_id: UserId, key: SecretStr) -> None:
        if self.refuses_key is not None:
            raise self.refuses_key
        self.calls.append(("key", key.get_secret_value()))

    async def flow(self, user_id: UserId, flow_id: FlowId | None = None) -> FlowView | None:
        return self.newest

    async def cancel(self, user_id: UserId) -> None:
        self.newest = None

    async def wait_for_change(self, flow_id: FlowId, timeout: float) -> None:
        self.newest = None

    async def view(self, user_id: UserId) -> ConnectionView:
        return self.shown

    async def test(self, user_id: UserId) -> Tried:
        return self.tried

    async def disconnect(self, user_id: UserId) -> None:
        self.calls.append(("disconnect", user_id))


class FakeRemotes:
    def __init__(self) -> None:
        self.held: dict[str, FakeLink] = {}

    def put(self, row: Registered, shown: ConnectionView) -> FakeLink:
        self.held[row.server.slug] = FakeLink(row, shown)
        return self.held[row.server.slug]

    async def links(self, user_id: UserId) -> Sequence[FakeLink]:
        return list(self.held.values())

    async def link(self, user_id: UserId, slug: str) -> FakeLink:
        if slug not in self.held:
            raise NotFound("This MCP server is no longer here.")
        return self.held[slug]

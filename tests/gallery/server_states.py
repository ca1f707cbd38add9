"""The states of remote MCP servers."""

from collections.abc import Mapping
from dataclasses import replace

from tests.gallery.shown import Shown
from tests.unit.web.fake_servers import registered, server
from tests.unit.web.fakes import World, problem
from xerus.remotes.servers import Auth

_AWAY = problem("upstream_timeout", "The server did not answer in time.", "Try again in a moment.")


def _servers(world: World) -> None:
    world.servers.put(registered(server("docs", "Docs")))
    keyed = registered(server("crm", "Customers", auth=Auth.API_KEY), key_of_each=True)
    world.servers.put(replace(keyed, reach_error=_AWAY), people=3)
    world.servers.put(
        replace(registered(server("lab", "Lab", handed=True)), enabled=False, tools=None)
    )


SERVER_STATES: Mapping[str, Shown] = {
    "servers-empty": Shown(path="/admin/servers"),
    "servers": Shown(path="/admin/servers", arrange=_servers),
    "servers-add": Shown(path="/admin/servers/add"),
    "servers-one": Shown(path="/admin/servers/one?id=id-crm", arrange=_servers),
    "servers-one-handed": Shown(path="/admin/servers/one?id=id-lab", arrange=_servers),
    "servers-hand": Shown(path="/admin/servers/hand?id=id-docs", arrange=_servers),
    "servers-remove": Shown(path="/admin/servers/remove?id=id-crm", arrange=_servers),
}

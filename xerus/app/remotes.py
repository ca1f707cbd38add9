"""The MCP servers that administrators add, joined to people's connections to Atlassian."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from xerus.app.foundation import Foundation
from xerus.atlassian.credentials import NotConnected, Product, ProductUnavailable, Target
from xerus.connections.links import Link
from xerus.connections.service import Connections
from xerus.ids import CloudId, UserId
from xerus.remotes.administration import Servers
from xerus.remotes.service import Remotes


class OwnAtlassianTokens:
    """Implements `remotes.credentials.AtlassianTokens`: the person's own token of Cloud, never a shared one."""

    def __init__(self, cloud: Connections) -> None:
        self._cloud = cloud

    async def fresh(self, user_id: UserId) -> tuple[SecretStr, CloudId | None]:
        """Return the person's access token, renewed if need be, and the site in use."""
        credentials = self._cloud.credentials_for(user_id)
        target = await self._target(user_id)
        header = await credentials.authorization(target)
        return SecretStr(header.get_secret_value().removeprefix("Bearer ")), target.cloud_id

    async def _target(self, user_id: UserId) -> Target:
        credentials = self._cloud.credentials_for(user_id)
        for product in Product:
            try:
                return await credentials.target(product, None)
            except ProductUnavailable:
                continue
        raise NotConnected("The Atlassian connection reaches neither Jira nor Confluence.")


@dataclass(frozen=True, kw_only=True)
class RemoteParts:
    """What the rest of the product is given of remote servers."""

    remotes: Remotes
    servers: Servers


def remote_parts(base: Foundation, links: Mapping[Link, Connections]) -> RemoteParts:
    """Build them."""
    return RemoteParts(
        remotes=Remotes(
            db=base.db,
            vault=base.vault,
            audit=base.audit,
            listener=base.listener,
            egress=base.server_egress,
            atlassian_tokens=OwnAtlassianTokens(links[Link.CLOUD]),
            clock=base.clock,
            public_url=base.settings.public_url,
            metrics=base.metrics,
        ),
        servers=Servers(
            db=base.db,
            vault=base.vault,
            audit=base.audit,
            egress=base.server_egress,
            clock=base.clock,
            public_url=base.settings.public_url,
        ),
    )

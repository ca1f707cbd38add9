"""The Atlassian port's application, wired."""

from pathlib import Path
from typing import Any

from starlette.routing import Router

from xerus_sandbox.atlassian.dc_grants import SETTINGS as DATA_CENTER_SETTINGS
from xerus_sandbox.atlassian.dc_grants import DataCenterGrants
from xerus_sandbox.atlassian.dc_oauth import DataCenterOAuth
from xerus_sandbox.atlassian.doors import Doors
from xerus_sandbox.atlassian.gateway import Gateway
from xerus_sandbox.atlassian.media_host import MediaHost
from xerus_sandbox.atlassian.oauth_grants import SETTINGS as OAUTH_SETTINGS
from xerus_sandbox.atlassian.oauth_grants import Grants
from xerus_sandbox.atlassian.oauth_pages import OAuthPages
from xerus_sandbox.atlassian.oauth_resources import ResourceEndpoints
from xerus_sandbox.atlassian.oauth_token import TokenEndpoint
from xerus_sandbox.atlassian.product_store import SETTINGS as PRODUCT_SETTINGS
from xerus_sandbox.atlassian.product_store import Products, ProductStore
from xerus_sandbox.clock import VirtualClock
from xerus_sandbox.config import SHARED_SETTINGS, Config
from xerus_sandbox.log import Note
from xerus_sandbox.operations import Product
from xerus_sandbox.products.world import World
from xerus_sandbox.recorder import Recorder
from xerus_sandbox.routes import OperationTable

SETTINGS = (*SHARED_SETTINGS, *OAUTH_SETTINGS, *DATA_CENTER_SETTINGS, *PRODUCT_SETTINGS)


class AtlassianService:
    """OAuth and gateway with their state; see `port.Service` for the promises."""

    def __init__(
        self,
        *,
        folder: Path,
        base_url: str,
        clock: VirtualClock,
        config: Config,
        products: Products,
        recorder: Recorder | None,
    ) -> None:
        self._grants = Grants(clock, config)
        self._links: dict[Product, DataCenterGrants] = {
            "jira": DataCenterGrants(clock, config),
            "confluence": DataCenterGrants(clock, config),
        }
        self._doors = Doors(self._grants, self._links, base_url)
        table = OperationTable(products.operations)
        self._store = ProductStore(
            folder=folder, base_url=base_url, config=config, products=products, table=table
        )
        gateway = Gateway(
            doors=self._doors, table=table, store=self._store, clock=clock, recorder=recorder
        )
        host = base_url.removeprefix("http://")
        routes = [
            *OAuthPages(self._grants, clock, config, host).routes,
            *TokenEndpoint(self._grants).routes,
            *ResourceEndpoints(self._grants, config, base_url).routes,
            *MediaHost(self._store).routes,
        ]
        for product, link in self._links.items():
            routes += DataCenterOAuth(product, link, config).routes
        self.app = Router(routes, redirect_slashes=False, default=gateway)

    @property
    def world(self) -> World:
        """What the products hold now, for reading only."""
        return self._store.world

    @property
    def changed(self) -> bool:
        """Whether OAuth state waits to be saved; the products save themselves."""
        return self._grants.changed or any(link.changed for link in self._links.values())

    @changed.setter
    def changed(self, value: bool) -> None:
        self._grants.changed = value
        for link in self._links.values():
            link.changed = value

    def to_json(self) -> dict[str, Any]:
        """Return the OAuth state."""
        links = {product: link.to_json() for product, link in self._links.items()}
        return {**self._grants.to_json(), "data_center": links}

    def restore(self, data: dict[str, Any]) -> None:
        """Take the OAuth state back."""
        self._grants.restore(data)
        for product, link in self._links.items():
            if saved := data.get("data_center", {}).get(product):
                link.restore(saved)

    def reset(self) -> None:
        """Go back to no grants and the seeded products."""
        self._grants.reset()
        for link in self._links.values():
            link.reset()
        self._store.reset()

    def revoke(self, email: str) -> int:
        """End all grants of an account."""
        links = sum(link.revoke(email) for link in self._links.values())
        return self._grants.revoke(email) + links

    def identify(self, authorization: str, note: Note) -> None:
        """Note whose credential a header carries."""
        credential = self._doors.credential(authorization)
        note.credential = credential.kind
        note.account = credential.account.email if credential.account else None

    def close(self) -> None:
        """Save the products."""
        self._store.close()

"""What administrators see of everybody, as it is set."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from tests.unit.web import fake_people
from xerus.assistant.model_use import ModelsBy, ModelUsed
from xerus.atlassian.credentials import Product
from xerus.atlassian.ledger import Use
from xerus.audit.use import By, Day, Only, Used
from xerus.connections.links import Link
from xerus.connections.overview import Cause, Concerned, SharedAccount
from xerus.ids import UserId
from xerus.vault.store import KeyRow

_PEOPLE = (fake_people.ADA, fake_people.GRACE)


class FakeUse:
    def __init__(self, now: datetime) -> None:
        self._now = now
        self.rows: list[Used] = []
        self.asked: list[tuple[By, Only]] = []

    async def by(self, what: By, only: Only) -> Sequence[Used]:
        self.asked.append((what, only))
        return self.rows

    async def days(self, only: Only) -> Sequence[Day]:
        calls = sum(row.calls for row in self.rows)
        return [
            Day(day=self._now.date() - timedelta(days=n), calls=calls if n == 0 else 0, failed=0)
            for n in range((self._now.date() - only.since).days + 1)
        ]


class FakeModelUse:
    def __init__(self) -> None:
        self.rows: dict[ModelsBy, list[ModelUsed]] = {}

    async def by(
        self, what: ModelsBy, *, since: date, person: UserId | None = None
    ) -> Sequence[ModelUsed]:
        return self.rows.get(what, [])


class FakeAdmin:
    def __init__(self, now: datetime) -> None:
        self._now = now
        self.model_use = FakeModelUse()
        self.states: dict[tuple[Link, str], int] = {
            (Link.CLOUD, "connected"): 2,
            (Link.CLOUD, "needs_reconnect"): 1,
        }
        self.servers: list[tuple[str, str, int]] = []
        self.failing: list[Cause] = []
        self.shared: list[SharedAccount] = []
        self.running: list[Any] = []
        self.use = FakeUse(now)
        self.asked: list[tuple[Link, str]] = []

    async def people(self, words: str) -> Sequence[Any]:
        return [person for person in _PEOPLE if words.lower() in person.name.lower()]

    async def named(self, user_ids: Collection[UserId]) -> Mapping[UserId, Any]:
        return {person.id: person for person in _PEOPLE if person.id in user_ids}

    async def connection_states(self) -> Mapping[tuple[Link, str], int]:
        return self.states

    async def server_states(self) -> Sequence[tuple[str, str, int]]:
        return self.servers

    async def causes(self) -> Sequence[Cause]:
        return self.failing

    async def concerned(self, link: Link, code: str) -> Sequence[Concerned]:
        self.asked.append((link, code))
        return [
            Concerned(
                name="Grace Hopper",
                email="grace@example.com",
                account_email="grace@atlassian.example",
                since=self._now - timedelta(days=2),
                at=self._now - timedelta(minutes=7),
                correlation_id="4f9c21ab07de",
            )
        ]

    async def shared_accounts(self) -> Sequence[SharedAccount]:
        return self.shared

    async def keys(self) -> Sequence[KeyRow]:
        since = self._now - timedelta(days=40)
        return [
            KeyRow(kind="data", name="0b7e-new", state="active", since=since, sealed=118),
            KeyRow(kind="data", name="9c1d-old", state="decrypt_only", since=since, sealed=0),
            KeyRow(kind="signing", name="sign-1", state="active", since=since),
        ]

    async def processes(self) -> Sequence[Any]:
        return self.running

    async def atlassian_usage(self) -> Sequence[Use]:
        return [
            Use(
                product=product,
                site=site,
                points=points,
                quota=65_000,
                told_left=left,
                resets_at=self._now.replace(hour=13, minute=0),
            )
            for product, site, points, left in (
                (Product.CONFLUENCE, "", 1204, None),
                (Product.JIRA, "4c1b0c1e-acme", 53_110, 11_000),
            )
        ]

    def atlassian_held(self) -> Mapping[tuple[Product, str], datetime]:
        return {(Product.JIRA, "77aa-labs"): self._now.replace(hour=13, minute=0)}

"""Who used which model and what it cost, for administrators: numbers, and nothing that was said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from xerus.assistant import use_store
from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.ids import UserId


class ModelsBy(StrEnum):
    """What is added up by."""

    MODEL = "model"
    PERSON = "user_id"


@dataclass(frozen=True, kw_only=True)
class ModelUsed:
    """One row.

    Attributes:
        key: the model as the settings name it, '' for the demo model; or the person's id.
        name: whose use, by name and address, where it is by person.
        untold: requests for which the model's server told no tokens.
        cost: US dollars, without the `unpriced` requests.
    """

    key: str
    name: str
    messages: int
    requests: int
    untold: int
    tokens_in: int
    cached: int
    tokens_out: int
    cost: Decimal
    unpriced: int


class ModelUse:
    """Adds it up."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def by(
        self, what: ModelsBy, *, since: date, person: UserId | None = None
    ) -> Sequence[ModelUsed]:
        """Return the 50 with the most tokens, everybody's or one person's."""
        async with self._db.transaction(Role.WORKER) as conn:
            rows = await use_store.by(conn, what.value, since=since, person=person)
        return [ModelUsed(**row) for row in rows]

    async def forget(self, keep: timedelta) -> None:
        """Delete the days that are older.

        Raises:
            Unavailable: the database does not answer.
        """
        async with self._db.transaction(Role.WORKER) as conn:
            await use_store.forget(conn, before=(self._clock.now() - keep).date())

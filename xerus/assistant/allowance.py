"""How many tokens a person's answers may use in a day."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from xerus.assistant import use_store
from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import LimitReached
from xerus.ids import UserId


@dataclass(frozen=True, kw_only=True)
class Today:
    """What a person has used of the day (UTC) so far."""

    used: int
    limit: int


class Allowance:
    """Looks before the model is asked; an answer that has begun is finished.

    What is counted are stored answers: those that are being written at the moment are not in it.
    """

    def __init__(self, *, db: Database, clock: Clock, tokens_per_day: int | None) -> None:
        self._db = db
        self._clock = clock
        self._limit = tokens_per_day

    async def today(self, user_id: UserId) -> Today | None:
        """Return how a person stands; None where there is no limit."""
        if self._limit is None:
            return None
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            used = await use_store.tokens(
                conn, user_id=user_id, day=self._clock.now().astimezone(UTC).date()
            )
        return Today(used=used, limit=self._limit)

    async def check(self, user_id: UserId) -> None:
        """Let a message pass.

        Raises:
            LimitReached: the person has used all of the day's tokens.
        """
        today = await self.today(user_id)
        if today is None or today.used < today.limit:
            return
        left = _until_midnight(self._clock.now())
        raise LimitReached(
            f"You have used {today.used:,} of the {today.limit:,} tokens that you have a day.",
            retry_after=int(left.total_seconds()) + 1,
            hint=f"The next day begins at 00:00 UTC, in {_in_words(left)}. Send it again then.",
        )


def _until_midnight(now: datetime) -> timedelta:
    tomorrow = now.astimezone(UTC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), UTC) - now


def _in_words(left: timedelta) -> str:
    hours, minutes = divmod(int(left.total_seconds()) // 60 + 1, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"

"""Bounds how many requests a person, and all people of a client, send in a minute."""

from starlette.types import ASGIApp, Receive, Scope, Send

from xerus.errors import LimitReached
from xerus.grants.bearer import Bearer
from xerus.limits.token_bucket import TokenBuckets
from xerus.mcpserver.bearer import BEARER_KEY
from xerus.mcpserver.refusals import LIMIT_REACHED, refusal

_TOO_MANY_REQUESTS = 429


class RateGuard:
    """ASGI middleware behind the bearer guard, which has said who it is."""

    def __init__(self, onward: ASGIApp, *, caller_per_minute: int, client_per_minute: int) -> None:
        self._onward = onward
        self._callers = TokenBuckets(per_minute=caller_per_minute, whose="one person")
        self._clients = TokenBuckets(per_minute=client_per_minute, whose="one client")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 429 and leave its body unread."""
        bearer: Bearer = scope[BEARER_KEY]
        try:
            # The person first: who asks too much alone takes nothing from the others' share.
            self._callers.spend(bearer.user.id)
            self._clients.spend(bearer.client_id)
        except LimitReached as reached:
            answer = refusal(
                _TOO_MANY_REQUESTS,
                reached.code,
                reached.message,
                hint=reached.hint,
                code=LIMIT_REACHED,
                headers={"Retry-After": str(reached.retry_after)},
            )
            await answer(scope, receive, send)
        else:
            await self._onward(scope, receive, send)

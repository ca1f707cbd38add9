"""What a model's tokens cost: by the operator's prices, else by the list that comes with the library.

The list is `genai-prices`' as it is installed; nothing brings it up to date over the network. It is
that of the providers' own servers: behind a gateway, or on a server of one's own, nobody but the
operator knows the price, and none is guessed.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from time import perf_counter

from pydantic_ai.usage import RunUsage

from xerus.assistant.spending import Spent
from xerus.settings.model_prices import ModelPrice
from xerus.settings.models import Provider, named

Cost = Callable[[RunUsage], Decimal | None]
"""US dollars for the tokens of a model, None where its price is not known."""

_MILLION = 1_000_000
_MOST_TOKENS = 10**12
_MOST_DOLLARS = Decimal(10**9)
"""More than any answer takes; what a server tells beyond would fit no column."""


class Prices:
    """Knows what models cost."""

    def __init__(
        self, own: Mapping[str, ModelPrice] | None = None, listed: Collection[Provider] = ()
    ) -> None:
        """Make it: `own` by model, `listed` the providers that are asked at their own address."""
        self._own = own or {}
        self._listed = frozenset(listed)

    def of(self, model: str) -> Cost:
        """Return what reckons the cost of a model's tokens."""
        if model in self._own:
            return partial(_by_price, self._own[model])
        found = named(model)
        return _by_list if found and found[0] in self._listed else _unknown


@dataclass(kw_only=True)
class Meter:
    """Measures a run from when it was made."""

    cost: Cost
    is_demo: bool
    _begun: float = field(init=False, default_factory=perf_counter)

    def read(self, used: RunUsage) -> Spent:
        """Return what was used until now."""
        seconds = perf_counter() - self._begun
        if self.is_demo:  # its tokens are the library's guess
            return Spent(requests=used.requests, seconds=seconds, cost=Decimal(0), is_demo=True)
        untold = _bounded(used.unmeasured_requests)
        tokens_in, tokens_out = _bounded(used.input_tokens), _bounded(used.output_tokens)
        return Spent(
            requests=max(used.requests, untold),
            untold=untold,
            tokens_in=tokens_in,
            cached=min(_bounded(used.cache_read_tokens), tokens_in),
            tokens_out=tokens_out,
            seconds=seconds,
            cost=self._cost(used) if tokens_in or tokens_out else None,
        )

    def _cost(self, used: RunUsage) -> Decimal | None:
        cost = self.cost(used)
        return None if cost is None else min(max(cost, Decimal(0)), _MOST_DOLLARS)


def _by_price(price: ModelPrice, used: RunUsage) -> Decimal:
    tokens_in, tokens_out = max(used.input_tokens, 0), max(used.output_tokens, 0)
    cached = min(max(used.cache_read_tokens, 0), tokens_in) if price.cached is not None else 0
    dollars = (tokens_in - cached) * price.tokens_in + tokens_out * price.tokens_out
    return (dollars + cached * (price.cached or 0)) / _MILLION


def _by_list(used: RunUsage) -> Decimal | None:
    """Return what the library reckoned with each answer: some prices depend on the size of a request."""
    return used.cost


def _unknown(used: RunUsage) -> None:
    del used


def _bounded(count: int) -> int:
    return min(max(count, 0), _MOST_TOKENS)

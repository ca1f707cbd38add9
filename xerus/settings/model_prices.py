"""The operator's prices of models: how the setting is read, and what is refused."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

from xerus.settings.problems import Problem

_FORM = (
    "must list MODEL=IN/OUT or MODEL=IN/OUT/CACHED, US dollars for a million tokens, as"
    " openai:gpt-5.5=1.25/10"
)
_PRICE = r"[0-9]{1,6}(?:\.[0-9]{1,6})?"
_LISTED = re.compile(rf"(?P<model>.+)=(?P<i>{_PRICE})/(?P<o>{_PRICE})(?:/(?P<c>{_PRICE}))?")


@dataclass(frozen=True, kw_only=True)
class ModelPrice:
    """US dollars for a million tokens; `cached` None where tokens from the cache cost the same."""

    model: str
    tokens_in: Decimal
    tokens_out: Decimal
    cached: Decimal | None = None


def _read(value: object) -> object:
    if not isinstance(value, str):
        return value
    prices = tuple(_one(text) for text in value.replace(",", " ").split())
    if len({price.model for price in prices}) < len(prices):
        raise ValueError("must name each model once")
    return prices


def _one(text: str) -> ModelPrice:
    found = _LISTED.fullmatch(text)
    if found is None:
        raise ValueError(_FORM)
    return ModelPrice(
        model=found["model"],
        tokens_in=Decimal(found["i"]),
        tokens_out=Decimal(found["o"]),
        cached=Decimal(found["c"]) if found["c"] else None,
    )


ModelPrices = Annotated[tuple[ModelPrice, ...], BeforeValidator(_read)]


def price_problems(prices: Sequence[ModelPrice], models: Sequence[str]) -> Iterator[Problem]:
    """Yield the prices of models that nobody can ask: most likely a slip of the pen."""
    for price in prices:
        if price.model not in models:
            yield Problem(
                variable="XERUS_MODEL_PRICES",
                message=f"has a price for {price.model}, which no setting names as a model",
                remedy="Write the model as in XERUS_MODEL or XERUS_MODELS, or take its price out.",
            )

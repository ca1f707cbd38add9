"""What administrators read of Atlassian's hourly quotas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from xerus.atlassian.credentials import Product
from xerus.atlassian.ledger import LOW, Use


@dataclass(frozen=True, kw_only=True)
class QuotaRow:
    """One quota as the page says it."""

    product: str
    site: str
    spent: str
    told: str
    kind: Literal["ok", "warn", "bad"]
    state: str


def in_words(uses: Sequence[Use], held: Mapping[tuple[Product, str], datetime]) -> list[QuotaRow]:
    """Return a row for each quota that was touched in this hour or is used up."""
    known = {(use.product, use.site): use for use in uses}
    return [_row(key, known.get(key), held.get(key)) for key in sorted({*known, *held})]


def _row(key: tuple[Product, str], use: Use | None, until: datetime | None) -> QuotaRow:
    product, site = key
    kind, state = _state(use, until)
    left = None if use is None else use.told_left
    return QuotaRow(
        product=product.title(),
        site=site,
        spent=f"{use.points:,} of {use.quota:,} points" if use else "No points",
        told=f"Atlassian: {'nothing yet' if left is None else f'{left:,} left'}",
        kind=kind,
        state=state,
    )


def _state(use: Use | None, until: datetime | None) -> tuple[Literal["ok", "warn", "bad"], str]:
    if until is not None:
        return "bad", f"Used up until {until:%H:%M} UTC"
    if use is not None and use.share >= LOW:
        return "warn", f"Low until {use.resets_at:%H:%M} UTC"
    return "ok", "Enough left"

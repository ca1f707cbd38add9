"""What answers used: tokens as the provider told them, time, and money where a price is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What one run used, or several.

    Attributes:
        requests: how often the model was asked.
        untold: for how many of them the provider told no tokens.
        tokens_in, tokens_out: `cached` are among the former.
        cost: US dollars; None where it is not known.
        is_demo: whether the demo model alone answered, which costs nothing.
        cut: whether something was ended early, so that not all of it may have been told.
    """

    requests: int = 0
    untold: int = 0
    tokens_in: int = 0
    cached: int = 0
    tokens_out: int = 0
    seconds: float = 0
    cost: Decimal | None = None
    is_demo: bool = False
    cut: bool = False

    @property
    def tokens(self) -> int:
        """Those that count against a limit."""
        return self.tokens_in + self.tokens_out


def together(all_spent: Sequence[Spent]) -> Spent | None:
    """Return the sum, with a cost if that of each is known; None of nothing."""
    if not all_spent:
        return None
    costs = [one.cost for one in all_spent]
    return Spent(
        requests=sum(one.requests for one in all_spent),
        untold=sum(one.untold for one in all_spent),
        tokens_in=sum(one.tokens_in for one in all_spent),
        cached=sum(one.cached for one in all_spent),
        tokens_out=sum(one.tokens_out for one in all_spent),
        seconds=sum(one.seconds for one in all_spent),
        cost=None if None in costs else sum((one for one in costs if one), Decimal(0)),
        is_demo=all(one.is_demo for one in all_spent),
        cut=any(one.cut for one in all_spent),
    )


def in_words(spent: Spent) -> str:
    """Return the line that stands under an answer."""
    return " · ".join(filter(None, (*_tokens(spent), _seconds(spent.seconds), _money(spent))))


def _tokens(spent: Spent) -> tuple[str, ...]:
    if spent.is_demo:
        return ()
    if not spent.tokens:
        return ("The model's server told no tokens",)
    cached = f", {spent.cached:,} of them cached" if spent.cached else ""
    least = "At least " if _is_least(spent) else ""
    return (f"{least}{spent.tokens_in:,} tokens in{cached}", f"{spent.tokens_out:,} out")


def _is_least(spent: Spent) -> bool:
    return bool(spent.untold) or spent.cut


def _seconds(seconds: float) -> str:
    shown = f"{seconds:,.1f}"
    return "under 0.1 s" if shown == "0.0" else f"{shown} s"


def _money(spent: Spent) -> str:
    if spent.is_demo:
        return "Demo model: no cost"
    if spent.cost is None:
        return ""
    least = "at least " if _is_least(spent) else ""
    return f"{least}{dollars(spent.cost)}"


def dollars(amount: Decimal) -> str:
    """Return money as people read it: cents where it is dollars, two digits that count below."""
    if amount >= 1:
        return f"${amount:,.2f}"
    if not amount:
        return "$0"
    if amount < Decimal("0.0001"):
        return "under $0.0001"
    places = max(2, 1 - amount.adjusted())
    return f"${amount:.{places}f}"

"""Row 17 of the list of threats, in short; `make soak` does it whole."""

from tests.flows import strangers
from tests.support.quiet import quiet
from tests.support.stack import Sandbox


async def test_row_17_the_operators_token_serves_no_stranger(sandbox: Sandbox) -> None:
    assert await strangers.turned_away(sandbox, 20, quiet)


async def test_row_17_the_operators_token_serves_nobody_unless_it_is_shared(
    sandbox: Sandbox,
) -> None:
    assert await strangers.not_opted_in(sandbox, 8, quiet)

"""The attacks of `make soak`, a few of each."""

from tests.flows.front_door import attacks, in_chromium, machine
from tests.flows.front_door.door import Door
from tests.flows.front_door.wrong_tokens import wrong_tokens
from tests.support.quiet import quiet


async def test_row_8_callback_in_another_browser_issues_no_code(door: Door) -> None:
    assert await attacks.cross_browser(door, 4, quiet)


async def test_row_8_callback_in_another_persons_chromium_issues_no_code(door: Door) -> None:
    assert await in_chromium.cross_browser(door, 9, quiet)


async def test_row_9_confused_deputy_by_registration_reaches_no_provider(door: Door) -> None:
    assert await attacks.confused_deputy(door, 5, quiet)


async def test_row_10_mutated_redirect_is_never_accepted(door: Door) -> None:
    assert await attacks.redirects(door, 200, quiet)


async def test_row_11_no_wrong_token_of_60_passes(door: Door) -> None:
    assert await wrong_tokens(door, quiet)


async def test_row_12_code_replay_in_a_race_revokes_the_family(door: Door) -> None:
    assert await attacks.redemptions(door, 2, quiet)


async def test_row_12_no_order_of_requests_breaks_a_promise(door: Door) -> None:
    assert await machine.run(door, examples=3, part=0, told=quiet)


async def test_row_13_grandparent_after_a_race_revokes_the_family(door: Door) -> None:
    assert await attacks.refresh_replay(door, 1, quiet)

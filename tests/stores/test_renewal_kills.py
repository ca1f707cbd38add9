"""What the stages `renewal-kills-*` of `make soak` try at full numbers, one kill at each point."""

from tests.support.quiet import quiet
from tests.support.renewals import killed


async def test_kill_at_each_point_loses_nothing_where_the_provider_has_a_grace() -> None:
    said = await killed.killed_at(tuple(killed.POINTS), 1, grace=600.0, told=quiet)
    assert "6 kills, lost 0" in said


async def test_kill_at_each_point_is_shown_where_the_provider_has_none() -> None:
    said = await killed.killed_at(tuple(killed.POINTS), 1, grace=0.0, told=quiet)
    assert "6 kills, lost 3" in said
    assert "no row deleted" in said

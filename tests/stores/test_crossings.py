"""What the stages `crossings-*` of `make soak` try at full numbers, a few of each."""

from tests.stores.crossings.crossings import crossings
from tests.support.quiet import quiet


async def test_nothing_of_one_person_reaches_another_on_shared_server_connections() -> None:
    assert "800 operations in 2 processes" in await crossings(20, 40, 2, quiet)

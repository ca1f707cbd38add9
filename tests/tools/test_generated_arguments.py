"""Whatever the arguments: no defect shows, and only what is declared and allowed is sent.

The long version, 10,000 calls of each tool, is `make soak STAGE=arguments-...`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.generated.rounds import TOOLS, Rounds, Tally
from tests.support.generated.upstream import Upstream

_CALLS = 30


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    folder: Path = tmp_path_factory.mktemp("upstream")
    running = Upstream(folder)
    yield running
    running.close()


@pytest.mark.parametrize("is_held", [False, True], ids=["free", "held"])
@pytest.mark.parametrize("is_cloud", [True, False], ids=["cloud", "data_center"])
async def test_generated_arguments_reach_nothing_that_is_not_declared_or_allowed(
    upstream: Upstream, *, is_cloud: bool, is_held: bool
) -> None:
    rounds, whole = Rounds(upstream, is_cloud=is_cloud, is_held=is_held), Tally()
    for tool in TOOLS:
        tally = await rounds.run(tool, _CALLS)
        assert tally.calls == _CALLS
        whole.add(tally)
    assert whole.findings == []
    assert whole.requests > whole.calls / 4
    assert whole.answered > whole.calls / 8

"""Options and the fixtures that every folder of tests may use."""

import gc
import shutil
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import declared
from tests.support.browser import Browser
from tests.support.folders import reachable
from tests.support.processes import Process
from tests.support.stack import Sandbox, Stack, Xerus, user_mode

# The same examples in every run, so that a red run is red again; `--hypothesis-profile=explore`
# looks for new ones.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=1_000)
settings.load_profile("steady")

_PLACES = {"test_every_state_is_accessible.py": -1, "tools": 1, "unit": 2}
"""Where a run has the module of few long tests, and the folders whose modules take seconds each."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", default=None, help="folder for the answers of the sandbox")
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


def pytest_configure(config: pytest.Config) -> None:
    Process.warm = Xerus.prepared = True
    folder = config.getoption("--record")
    if folder and not hasattr(config, "workerinput"):  # once, not in each worker of xdist
        declared.write(Path(folder))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest and end with what is over soon, so that no worker is idle."""
    folder = config.rootpath / "tests"

    def place(item: pytest.Item) -> int:
        parts = item.path.relative_to(folder).parts
        return _PLACES.get(parts[-1], _PLACES.get(parts[0], 0))

    items.sort(key=place)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while tests are looked for: what is made then lives as long as the run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say with a failure what the processes under test logged last."""
    report = yield
    if report.failed:
        report.sections += [(str(p.log), p.tail()) for p in Process.running]
    return report


@pytest.fixture(scope="session")
def record(request: pytest.FixtureRequest) -> str | None:
    folder = request.config.getoption("--record")
    return str(Path(folder).absolute()) if folder else None


@pytest.fixture(scope="session")
def one_sandbox(record: str | None) -> Iterator[Sandbox]:
    running = Sandbox(reachable(), record)
    yield running
    running.stop()


@pytest.fixture(scope="module")
async def sandbox(one_sandbox: Sandbox) -> AsyncIterator[Sandbox]:
    """A simulated outside world as it is at first, and a folder of the module's own."""
    one_sandbox.folder = reachable()
    await one_sandbox.atlassian.reset()
    await one_sandbox.entra.reset()
    yield one_sandbox
    shutil.rmtree(one_sandbox.folder, ignore_errors=True)


@pytest.fixture(scope="module")
async def stack(sandbox: Sandbox) -> AsyncIterator[Stack]:
    """Xerus on the sandbox, each person with a connection of their own."""
    running = Stack(sandbox, Xerus(sandbox.folder, await user_mode(sandbox)).start())
    yield running
    running.xerus.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with Browser() as fresh:
        yield fresh


@pytest.fixture
async def other_browser() -> AsyncIterator[Browser]:
    async with Browser() as fresh:
        yield fresh

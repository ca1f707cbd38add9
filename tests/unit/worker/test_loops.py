"""Background loops outlive failures and end cleanly."""

import asyncio

from xerus.errors import Unavailable
from xerus.worker.loops import Loop, Worker


async def test_loop_goes_on_after_failures() -> None:
    calls = 0
    third = asyncio.Event()

    async def run() -> int:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise Unavailable("away")
        if calls == 2:
            raise RuntimeError("a mistake")
        third.set()
        return 0

    worker = Worker(loops=[Loop(name="test", every_seconds=0.001, run=run)])
    worker.start()
    async with asyncio.timeout(5):
        await third.wait()
    await worker.stop()


async def test_backlog_drains_without_resting() -> None:
    left = 5
    empty = asyncio.Event()

    async def run() -> int:
        nonlocal left
        left -= 1
        if left == 0:
            empty.set()
        return left

    worker = Worker(loops=[Loop(name="test", every_seconds=3600, run=run)])
    worker.start()
    async with asyncio.timeout(5):
        await empty.wait()
    await worker.stop()


async def test_stop_waits_for_the_call_under_way() -> None:
    started, release = asyncio.Event(), asyncio.Event()
    finished = False

    async def run() -> int:
        nonlocal finished
        started.set()
        await release.wait()
        finished = True
        return 0

    worker = Worker(loops=[Loop(name="test", every_seconds=3600, run=run)])
    worker.start()
    await started.wait()
    stopping = asyncio.create_task(worker.stop())
    release.set()
    await stopping

    assert finished


async def test_stop_cancels_a_call_that_hangs() -> None:
    started = asyncio.Event()

    async def run() -> int:
        started.set()
        await asyncio.Event().wait()
        return 0

    worker = Worker(loops=[Loop(name="test", every_seconds=3600, run=run)])
    worker.start()
    await started.wait()

    async with asyncio.timeout(5):
        await worker.stop(seconds=0.01)

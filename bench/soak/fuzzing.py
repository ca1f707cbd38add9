"""Runs a fuzzing target guided by coverage (atheris), one process for each processor.

Each process starts from another seed, so that they do not find the same things. Ten million
trials are shared by as many stages as it takes for each to be over in ten minutes.
"""

import asyncio
import os
import re
import sysconfig
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from bench.peers import NotInstalled, installed
from bench.progress import say
from bench.soak.pressure import StageFailed

WANTED = 10_000_000
_SECONDS = 560
_LONGEST = 400
_SAID_EVERY = 30.0
_HERE = Path(__file__).parent
_OUR_PACKAGES = sysconfig.get_path("purelib")
_COUNT = re.compile(rb"^executions (\d+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Fuzzer:
    """A target and the words that its inputs are made of.

    Attributes:
        target: the name of the program beside this file.
        arguments: of the program, between the number wanted and libFuzzer's options.
        parts: how many stages share the ten million.
        words: as libFuzzer's dictionaries spell them.
    """

    target: str
    arguments: tuple[str, ...] = ()
    parts: int = 1
    words: tuple[str, ...]

    async def run(self, part: int = 1) -> str:
        """Run one stage.

        Raises:
            StageFailed: something broke, or there was not the time for all of it.
        """
        try:
            python = (await asyncio.to_thread(installed, "atheris")) / "python"
        except NotInstalled as error:
            raise StageFailed(f"atheris cannot be installed here: {error}") from error
        workers, begun = os.cpu_count() or 1, monotonic()
        wanted = WANTED // self.parts
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "words").write_text("".join(f'"{word}"\n' for word in self.words))
            counts = await asyncio.gather(
                *(
                    self._worker(python, folder, part * workers + number, -(-wanted // workers))
                    for number in range(workers)
                )
            )
        done = sum(counts)
        if done < wanted:
            raise StageFailed(f"only {done} of {wanted} executions fitted in {_SECONDS} s")
        return f"{done} executions, {done / (monotonic() - begun):.0f} a second; no finding"

    async def _worker(self, python: Path, folder: Path, seed: int, wanted: int) -> int:
        log = folder / f"log-{seed}"
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                str(python), str(_HERE / self.target), str(wanted), *self.arguments, f"-seed={seed}",
                f"-max_len={_LONGEST}", "-len_control=0", f"-max_total_time={_SECONDS}", f"-dict={folder / 'words'}",
                cwd=folder, env={"PYTHONPATH": f"{_HERE.parents[1]}:{_OUR_PACKAGES}"},
                stdout=out, stderr=out,
            )  # fmt: skip
            telling = asyncio.create_task(_tell(log, seed))
            try:
                status = await process.wait()
            finally:
                telling.cancel()
                if process.returncode is None:
                    process.kill()
        text = log.read_bytes()
        if status != 0:
            raise StageFailed(text[-3000:].decode(errors="replace"))
        return _counted(text)


def stages(fuzzers: dict[str, Fuzzer]) -> dict[str, Callable[[], Awaitable[str]]]:
    """Return the stages of each fuzzer by their names, numbered where there are several."""
    return {
        f"{name}-{part}" if fuzzer.parts > 1 else name: _stage(fuzzer, part)
        for name, fuzzer in fuzzers.items()
        for part in range(1, fuzzer.parts + 1)
    }


def _stage(fuzzer: Fuzzer, part: int) -> Callable[[], Awaitable[str]]:
    return lambda: fuzzer.run(part)


async def _tell(log: Path, seed: int) -> None:
    while True:
        await asyncio.sleep(_SAID_EVERY)
        say(f"  seed {seed}: {_counted(await asyncio.to_thread(log.read_bytes)):,} executions")


def _counted(log: bytes) -> int:
    counts = _COUNT.findall(log)
    return int(counts[-1]) if counts else 0

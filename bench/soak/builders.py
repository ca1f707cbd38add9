"""Ten million inputs, guided by coverage (atheris), to what builds requests or reads a stranger's.

`builders` are those of paths, JQL and CQL, without a tool around them: `fuzz_target.py` says what
must hold. `parsers` are those of redirect addresses and tokens: `fuzz_front.py`. One process for
each processor; each starts from another seed, so that they do not find the same things.
"""

import asyncio
import os
import re
import sysconfig
import tempfile
from pathlib import Path

from bench.peers import NotInstalled, installed
from bench.progress import say
from bench.soak.pressure import StageFailed

_WANTED = 10_000_000
_SECONDS = 540
_LONGEST = 400
_SAID_EVERY = 30.0
_BUILDERS = Path(__file__).with_name("fuzz_target.py")
_PARSERS = Path(__file__).with_name("fuzz_front.py")
_ROOT = _BUILDERS.parents[2]
_OUR_PACKAGES = sysconfig.get_path("purelib")
_DICTIONARY = (
    '\\" OR ', " OR ", " AND ", " NOT ", "ORDER BY ", "project = HR", ") OR (", "\\\\", "../", "..",
    "%2e%2e%2f", "%25", ";", "\\x00",
)  # fmt: skip
_FRONT_DICTIONARY = (
    "https://", "http://", "127.0.0.1", "localhost", "[::1]", "cursor://", "//", "@", ":", "#", "?",
    "\\\\", "%2f", "%5c", "/../", "/%2e", "0x7f", "2130706433", "client.example", "eyJhbGciOiJub25lIn0",
    "eyJhbGciOiJFUzI1NiJ9", ".", "=", "jira:read", "confluence:write", " ", "\\x00", "\\x0a",
)  # fmt: skip
_COUNT = re.compile(rb"^#(\d+)\t", re.MULTILINE)
_DONE = re.compile(rb"^Done (\d+) runs", re.MULTILINE)


async def run() -> str:
    """Try the builders until there are ten million, or the time is over."""
    return await _fuzz(_BUILDERS, _DICTIONARY)


async def parsers() -> str:
    """Try the parsers of the OAuth front in the same way."""
    return await _fuzz(_PARSERS, _FRONT_DICTIONARY)


async def _fuzz(target: Path, dictionary: tuple[str, ...]) -> str:
    try:
        python = (await asyncio.to_thread(installed, "atheris")) / "python"
    except NotInstalled as error:
        raise StageFailed(f"atheris cannot be installed here: {error}") from error
    workers = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "words").write_text("".join(f'"{word}"\n' for word in dictionary))
        counts = await asyncio.gather(
            *(
                _worker(python, target, folder, seed, _WANTED // workers)
                for seed in range(1, workers + 1)
            )
        )
    done = sum(counts)
    short = "" if done >= _WANTED else f" of {_WANTED} wanted, all that fitted in {_SECONDS} s"
    return f"{done} executions{short}; no finding"


async def _worker(python: Path, target: Path, folder: Path, seed: int, wanted: int) -> int:
    log = folder / f"log-{seed}"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            str(python), str(target), f"-seed={seed}", f"-runs={wanted}", f"-max_len={_LONGEST}",
            f"-max_total_time={_SECONDS}", f"-dict={folder / 'words'}", "-print_final_stats=0",
            cwd=folder, env={"PYTHONPATH": f"{_ROOT}:{_OUR_PACKAGES}"}, stdout=out, stderr=out,
        )  # fmt: skip
        telling = asyncio.create_task(_tell(log, seed))
        try:
            status = await process.wait()
        finally:
            telling.cancel()
            if process.returncode is None:
                process.kill()
    text = log.read_bytes()
    done = _DONE.findall(text)
    if status != 0 or not done:
        raise StageFailed(text[-3000:].decode(errors="replace"))
    return int(done[-1])


async def _tell(log: Path, seed: int) -> None:
    while True:
        await asyncio.sleep(_SAID_EVERY)
        said = await asyncio.to_thread(log.read_bytes)
        if counts := _COUNT.findall(said):
            say(f"  seed {seed}: {int(counts[-1]):,} executions")

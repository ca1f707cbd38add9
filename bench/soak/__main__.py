"""`make soak`: the long fault tests. Without a stage: all of them, one after the other."""

import argparse
import asyncio
import sys
import traceback
from collections.abc import Awaitable, Callable
from time import monotonic

from bench.progress import say
from bench.soak import (
    arguments,
    attacks,
    audit,
    builders,
    crash,
    crossings,
    database,
    described,
    disconnect,
    expiry,
    keys,
    parsers,
    product,
    registrations,
    renewals,
    roles,
)
from bench.soak.pressure import StageFailed

STAGES: dict[str, Callable[[], Awaitable[str]]] = {
    "expiry": expiry.run,
    "crash": crash.run,
    "database": database.run,
    **renewals.STAGES,
    **crossings.STAGES,
    **roles.STAGES,
    "disconnect-elsewhere": disconnect.run,
    "registrations": registrations.run,
    "arguments-jira-reads": arguments.jira_reads,
    "arguments-jira-writes": arguments.jira_writes,
    "arguments-confluence": arguments.confluence,
    "arguments-both": arguments.of_both,
    **builders.STAGES,
    "row-8-cross-browser": attacks.cross_browser,
    "row-9-confused-deputy": attacks.confused_deputy,
    "row-10-redirects": attacks.redirects,
    **parsers.STAGES,
    "row-11-tokens": attacks.tokens,
    "row-12-redemptions": attacks.redemptions,
    **{f"row-12-machine-{part}": attacks.every_order(part) for part in range(1, attacks.PARTS + 1)},
    "row-13-refresh-replay": attacks.refresh_replay,
    "row-14-ssrf-answers": product.ssrf_answers,
    "row-14-ssrf-requests": product.ssrf_requests,
    "row-17-shared-token": product.shared_token,
    "row-19-tampering": keys.tampering,
    "row-20-rotation": keys.rotation,
    "row-21-tampering": audit.tampering,
    "row-21-killed-writers": audit.killed_writers,
    "row-23-malformed": product.malformed_input,
    "row-23-described-clients": described.clients,
    "row-23-described-grants": described.grants,
}


async def _run(name: str) -> bool:
    say(f"{name}: {(sys.modules[STAGES[name].__module__].__doc__ or '').splitlines()[0]}")
    begun = monotonic()
    try:
        outcome, passed = await STAGES[name](), True
    except StageFailed as failure:
        outcome, passed = str(failure), False
    except AssertionError:
        outcome, passed = f"could not be run:\n{traceback.format_exc()}", False
    word = "passed" if passed else "FAILED"
    print(f"{name} {word} in {monotonic() - begun:.0f} s: {outcome}", flush=True)
    return passed


async def _all(names: list[str]) -> int:
    failed = [name for name in names if not await _run(name)]
    if failed:
        print(f"Failed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("stage", nargs="?", choices=list(STAGES), help="one stage alone")
    stage = parser.parse_args().stage
    sys.exit(asyncio.run(_all([stage] if stage else list(STAGES))))


if __name__ == "__main__":
    main()

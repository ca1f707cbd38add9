"""`python -m xerus_sandbox`: the command line of the simulated outside world."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

import uvloop

from xerus_sandbox.atlassian.product_store import Products
from xerus_sandbox.products.catalogue import OPERATIONS
from xerus_sandbox.products.world import World
from xerus_sandbox.server import Options, serve

_EXAMPLES = """examples:
  python -m xerus_sandbox --data-dir /tmp/sandbox
  python -m xerus_sandbox --data-dir /tmp/sandbox --atlassian-port 0 --entra-port 0
  python -m xerus_sandbox --data-dir /tmp/sandbox --record /tmp/answers
"""


def _options(arguments: list[str]) -> Options:
    # The sandbox is a program of its own: it cannot know the product's settings class.
    environment = os.environ  # noqa: TID251 - see above
    parser = argparse.ArgumentParser(
        prog="python -m xerus_sandbox",
        description="Simulated Atlassian and Entra ID on 127.0.0.1.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data-dir", type=Path, required=True, help="where the state is kept")
    parser.add_argument(
        "--atlassian-port",
        type=int,
        default=environment.get("XERUS_SANDBOX_ATLASSIAN_PORT", "8010"),
        help="default 8010, or XERUS_SANDBOX_ATLASSIAN_PORT; 0 takes a free one",
    )
    parser.add_argument(
        "--entra-port",
        type=int,
        default=environment.get("XERUS_SANDBOX_ENTRA_PORT", "8020"),
        help="default 8020, or XERUS_SANDBOX_ENTRA_PORT; 0 takes a free one",
    )
    parser.add_argument(
        "--record",
        type=Path,
        default=environment.get("XERUS_SANDBOX_RECORD"),
        help="folder for product answers, or XERUS_SANDBOX_RECORD; default: none are kept",
    )
    parser.add_argument(
        "--stop-with-stdin",
        action="store_true",
        help="stop when standard input ends: for a parent that may be killed",
    )
    return Options(**vars(parser.parse_args(arguments)))


def _say_ready(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run until stopped; 1 when a port is taken or the saved state cannot be read."""
    options = _options(sys.argv[1:])
    products = Products(operations=OPERATIONS, seed=World.seed, from_json=World.from_json)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(options, products, _say_ready))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"The sandbox cannot run: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m bench.upstream --port N --sandbox URL`: serve until ended."""

import argparse
import asyncio

import uvloop

from bench.upstream.server import Connection, FakeAtlassian

READY = "Upstream is ready"


async def _serve(port: int, sandbox: str) -> None:
    fake = FakeAtlassian(sandbox)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(fake), "127.0.0.1", port, backlog=1024)
    print(READY, flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.upstream", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--sandbox", required=True, help="where the account's own paths go on to")
    given = parser.parse_args()
    uvloop.run(_serve(given.port, given.sandbox))


if __name__ == "__main__":
    main()

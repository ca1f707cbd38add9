"""Xerus at another time of day: `python -m tests.support.later SECONDS serve`."""

import sys
from datetime import UTC, datetime, timedelta

from xerus import cli, clock


def main() -> None:
    ahead = timedelta(seconds=float(sys.argv.pop(1)))

    def now(self: clock.SystemClock) -> datetime:
        del self
        return datetime.now(UTC) + ahead

    clock.SystemClock.now = now  # type: ignore[method-assign]
    cli.main()


if __name__ == "__main__":
    main()

"""Xerus at another time of day: `python -m tests.support.later SECONDS serve`."""

import sys
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from xerus import cli, clock


def main() -> None:
    ahead = timedelta(seconds=float(sys.argv.pop(1)))

    def now(self: clock.SystemClock) -> datetime:
        del self
        return datetime.now(UTC) + ahead

    with patch.object(clock.SystemClock, "now", now):
        cli.main()


if __name__ == "__main__":
    main()

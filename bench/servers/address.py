"""The two arguments of every server here."""

import sys


def port_and_upstream() -> tuple[int, str]:
    """Return where to listen on the loopback, and the base URL to ask."""
    _, port, upstream = sys.argv
    return int(port), upstream

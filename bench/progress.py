"""Telling the person at the terminal what is going on."""

import sys


def say(text: str) -> None:
    """Write a line to standard error; results go to standard output."""
    print(text, file=sys.stderr, flush=True)

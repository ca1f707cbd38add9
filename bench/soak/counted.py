"""Counts what a fuzzing target really tried, as one input of the fuzzer may hold many trials."""

import os

_SAID_EVERY = 20_000


class Executions:
    """Tells the count on standard output and ends the process when there are enough."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._done = 0

    def add(self) -> None:
        """Count one that is over and broke nothing."""
        self._done += 1
        if self._done % _SAID_EVERY == 0 or self._done == self._wanted:
            print(f"executions {self._done}", flush=True)
        if self._done >= self._wanted:
            os._exit(0)  # libFuzzer catches every softer way out

"""The clock of one sandbox port: real time plus an offset that the controls move forward."""

import time


class VirtualClock:
    """Epoch seconds that can be advanced, so that a year passes in a test."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        """Return epoch seconds, the offset included."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> float:
        """Move the clock and return the new time."""
        self.offset += seconds
        return self.now()

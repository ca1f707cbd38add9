"""Where a trial takes its choices from."""

import hashlib
from typing import Protocol


class Source(Protocol):
    """A fuzzer's input, or dice."""

    def number(self, low: int, high: int, /) -> int:
        """Return a number from `low` to `high`, both included."""
        ...

    def text(self, most: int, /) -> str:
        """Return at most so many characters of any kind."""
        ...

    def data(self, most: int, /) -> bytes:
        """Return at most so many bytes."""
        ...


class Dice:
    """The same choices for the same seed, of the characters that parsers care for."""

    _LIKED = '/\\@:#?%.&=-_[]{}",;0159aAzZ \x00\n\u00e9\u3002\U0001f600\ud800'

    def __init__(self, seed: int) -> None:
        self._seed, self._block, self._left = seed, 0, b""

    def number(self, low: int, high: int, /) -> int:
        return low + int.from_bytes(self._next(4)) % (high - low + 1)

    def text(self, most: int, /) -> str:
        length = self.number(0, most)
        return "".join(self._LIKED[one % len(self._LIKED)] for one in self._next(length))

    def data(self, most: int, /) -> bytes:
        return self._next(self.number(0, most))

    def _next(self, count: int) -> bytes:
        while len(self._left) < count:
            self._block += 1
            block = hashlib.shake_256(f"{self._seed} {self._block}".encode())
            self._left += block.digest(4096)
        taken, self._left = self._left[:count], self._left[count:]
        return taken

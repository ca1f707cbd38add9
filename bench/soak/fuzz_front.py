"""What atheris runs: a parser of the OAuth front, instrumented, with any bytes at all.

    python fuzz_front.py WANTED PARSER [libFuzzer options]

Started by `fuzzing.py` as a process of its own, because libFuzzer ends the process it runs in. What
must hold stands in `tests/support/fuzzed`.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import atheris

# Not joserfc: guided by its coverage too, the same ten million take three times as long.
with atheris.instrument_imports(include=["xerus.oauth", "xerus.keys.signing"]):
    from tests.support.fuzzed.redirects import Redirects
    from tests.support.fuzzed.tokens import Tokens
    from tests.support.fuzzed.words import Words

from bench.soak.counted import Executions

_PARSERS: dict[str, Callable[[], Redirects | Tokens | Words]] = {
    "redirects": Redirects,
    "tokens": lambda: Tokens(Path.cwd()),
    "words": Words,
}


class _Input:
    """An input of the fuzzer as a `Source`."""

    def __init__(self, data: bytes) -> None:
        provider = atheris.FuzzedDataProvider(data)
        self.number = provider.ConsumeIntInRange
        self.text = provider.ConsumeUnicode
        self.data = provider.ConsumeBytes
        self.left = provider.remaining_bytes


def main() -> None:
    executions = Executions(int(sys.argv.pop(1)))
    trial = _PARSERS[sys.argv.pop(1)]().trial

    def one_input(data: bytes) -> None:
        # A parser is quicker than the fuzzer, so one input is cut into many trials.
        source = _Input(data)
        while source.left():
            trial(source)
            executions.add()

    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

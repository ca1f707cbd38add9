"""Ten million inputs to what builds paths, JQL and CQL, without a tool around it.

What must hold stands in `fuzz_target.py`.
"""

from bench.soak.fuzzing import Fuzzer, stages

_FUZZERS = {
    "builders": Fuzzer(
        target="fuzz_target.py",
        parts=2,
        words=(
            '\\" OR ', " OR ", " AND ", " NOT ", "ORDER BY ", "project = HR", ") OR (", "\\\\",
            "../", "..", "%2e%2e%2f", "%25", ";", "\\x00",
        ),
    )
}  # fmt: skip

STAGES = stages(_FUZZERS)

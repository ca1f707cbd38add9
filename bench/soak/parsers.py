"""Ten million executions of each parser of what strangers send to the OAuth front.

What must hold stands in `tests/support/fuzzed`.
"""

from bench.soak.fuzzing import Fuzzer, stages

_FUZZERS = {
    "row-10-redirect-parser": Fuzzer(
        target="fuzz_front.py",
        arguments=("redirects",),
        parts=2,
        words=(
            "https://", "http://", "127.0.0.1", "localhost", "[::1]", "cursor://", "//", "@", ":",
            "#", "?", "\\\\", "%2f", "%5c", "/../", "/%2e", "0x7f", "2130706433", "client.example",
            "anysphere.cursor-mcp", ":0", ":65536", "\\x00", "\\x0a",
        ),
    ),
    "row-11-token-parser": Fuzzer(
        target="fuzz_front.py",
        arguments=("tokens",),
        parts=2,
        words=(
            "eyJhbGciOiJub25lIn0", "eyJhbGciOiJFUzI1NiJ9", "eyJhbGciOiJSUzI1NiJ9", ".", "..", "=",
            '\\"alg\\":\\"none\\"', '\\"alg\\":\\"HS256\\"', '\\"typ\\":\\"at+jwt\\"',
            '\\"crit\\":[\\"b64\\"]', '\\"b64\\":false', '\\"jwk\\":{', '\\"kid\\":\\"', "\\x00",
        ),
    ),
    "row-10-word-parsers": Fuzzer(
        target="fuzz_front.py",
        arguments=("words",),
        words=("jira:read", "jira:write", "confluence:read", "confluence:write", " ", "\\x00"),
    ),
}  # fmt: skip


STAGES = stages(_FUZZERS)

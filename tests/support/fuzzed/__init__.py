"""What fuzzers try at the parsers of the OAuth front, and what must hold of each answer.

The short version is `tests/unit/oauth/test_fuzzed_parsers.py`; the long one, guided by coverage, are
the stages of `make soak` that are named `parser`.
"""

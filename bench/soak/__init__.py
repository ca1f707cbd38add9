"""The long fault tests: one file per stage, each alone runnable (`make soak STAGE=name`).

`pressure.py` is the load that the faults happen under and the judge of what was lost: an answer
that is late is put off, an answer that says "connect again" is a broken promise. Short versions of
these stages are tests in `tests/flows`. `arguments.py`, `builders.py` and `parsers.py` need no
load: they give generated input to the tools, to what builds their requests, and to the parsers of
the OAuth front.
"""

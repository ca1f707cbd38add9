"""Generated calls of tools: valid, nearly valid and hostile, against the sandbox in this process.

`values.py` has the pools, `calls.py` makes arguments of them, `upstream.py` is the sandbox without
sockets, `judge.py` knows what must hold, `rounds.py` runs one tool many times. The short version is
`tests/tools/test_generated_arguments.py`, the long one `make soak STAGE=arguments-jira` and so on.
"""

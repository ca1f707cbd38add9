"""How fast Xerus is, and how long it lasts: `make bench` and `make soak`.

`python -m bench` prints Markdown tables: `compare.py` measures the `subjects/` side by side on one
core against the fake Atlassian in `upstream/`, `alone.py` Xerus by itself. Subjects are Xerus, peers
installed by `peers.py`, and the small `servers/` here. `python -m bench.soak` runs the long fault
tests on the sandbox. Both start Xerus as a process (`world.py`, over `tests.support`) and call
`/mcp` with a JSON-RPC driver of their own (`driver.py`). Nothing of the product imports this.
"""

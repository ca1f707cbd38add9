"""How fast Xerus is, and how long it lasts: `make bench` and `make soak`.

Both start the sandbox and Xerus as processes (`world.py`, over `tests.support`) and call `/mcp`
with a JSON-RPC driver of their own (`driver.py`). `python -m bench` prints Markdown tables;
`python -m bench.soak` runs the long fault tests. Nothing of the product imports this.
"""

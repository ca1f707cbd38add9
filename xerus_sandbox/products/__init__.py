"""Jira and Confluence of the simulated world: their data, their seed, their REST operations.

`world.World` holds all data; `catalogue.OPERATIONS` lists what the gateway may run. Nothing here
knows about HTTP servers, tokens or scopes checks: see `xerus_sandbox.operations` for the seam.

Saving: `World.to_json()` returns plain dictionaries that share the live objects, so it costs about
a millisecond and must be encoded before the next operation runs. A full snapshot after each write
is cheap enough (see `tests/unit/sandbox/test_seed.py`); there is no journal.

`World.index_lag_seconds` (default 0) makes searches see writes late, as the real index does.
"""

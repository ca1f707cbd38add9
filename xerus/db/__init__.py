"""PostgreSQL: the server, the connections to it, and the shape of what is in it.

Owns the embedded server (`embedded`), the pool and its transactions (`database`), the database
roles (`roles`), LISTEN and NOTIFY (`notify`) and the migrations (`migrate`, `migrations/`).
Knows nothing of what the tables mean: each package keeps its SQL in its own `store.py`.
"""

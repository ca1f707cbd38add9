"""Tools of other MCP servers in the chat.

Owns the client of such a server (`session`, over `egress` by `transport`), what the model is told
of its tools (`definitions`, `schemas`), what becomes of a call (`calls`, `results`), and for how
long a process remembers what a server offers (`servers`). Everything that such a server says is
text of others: it is cleaned, bounded, marked, and never an instruction. Which servers there are
and how a person is known to them belongs to `xerus.remotes`.
"""

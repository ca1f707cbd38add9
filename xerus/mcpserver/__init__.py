"""The MCP endpoint: tools for any MCP client, over HTTP and over stdio.

Owns `/mcp` (streamable HTTP, no session, JSON answers; protocol 2026-07-28 and the handshake
revisions before it) and `/.well-known/oauth-protected-resource[/mcp]` (RFC 9728). `bearer.py`
lets nobody past without a token that `grants` verifies; `server.py` turns the catalogue of
`tools` into tools/list and tools/call; `prompts.py`, `resources.py` and `completions.py` are what it
offers besides, all of it over the same runner. Knows nothing of Atlassian or of who issued a token.
"""

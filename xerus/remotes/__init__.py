"""MCP servers beyond Atlassian: the ones that administrators add, and people's connections to them.

Owns the tables `remote_servers`, `remote_connections`, `remote_credentials` and `remote_flows`: a
server by its address, how Xerus proves itself to it (nothing, a key, OAuth), whether a person's
Atlassian token is handed to it, and what authorizes one call for one person.
Does not own: calls of a server's tools (`tools` and above), pages (`web`), sealing (`vault`).
Neighbours: renews by the lease of `connections` on tables of its own; asks `AtlassianTokens`, which
`app` joins to `connections`, for the token that an administrator lets a server have.
"""

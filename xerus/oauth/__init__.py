"""What both OAuth roles share: Xerus as client of the identity provider, and as server of MCP clients.

Owns PKCE, the rules for redirect addresses, the MCP scopes, the error codes of the endpoints and
the client side of OpenID Connect (discovery, keys, ID tokens, the code and refresh requests).
Knows no web framework, no database and no person: `accounts` signs people in with it,
`authserver` and `grants` answer MCP clients with it.
"""

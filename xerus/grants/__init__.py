"""What MCP clients were given: registered clients, codes, token families, access tokens.

Owns the tables clients, grant_families, grant_codes and grant_refresh_tokens, and the rules of
redemption, rotation and revocation. `authserver` speaks OAuth in front of it, `mcpserver` asks it
whom a bearer token belongs to, `web` lists families to their owner.
Knows no web framework; the people behind the tokens are in `accounts`.
"""

"""The OAuth front for MCP clients: registration, consent, sign-in, codes and tokens.

Routes: `/oauth/{register,authorize,callback,token,revoke,jwks}` and the two metadata documents
under `/.well-known/`. `/oauth/callback` is the one redirect registered at the identity provider, so
it ends web sign-ins as well. What is issued is kept and judged by `grants`; who signs in is
`accounts`. The protected resource metadata belongs to `mcpserver`.
"""

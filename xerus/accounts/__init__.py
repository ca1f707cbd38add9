"""People: who somebody is, their browser sessions, and sign-in at the identity provider.

Owns the tables users, admin_emails, identities, sessions, signin_flows and local_links, the session
and browser cookies, and the check that a person is still allowed at the provider.
Routes live elsewhere: `web` shows the sign-in page, `authserver` answers `/oauth/callback` for
both kinds of sign-in. What MCP clients were given is `grants`; Atlassian accounts are `connections`.
"""

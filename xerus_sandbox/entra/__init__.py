"""Simulated Entra ID, v2.0 endpoints of one tenant.

It owns sign-in, codes, refresh tokens, ID and access tokens and the signing keys, and speaks in
AADSTS errors. Routes under `/{tenant}`: discovery, keys, authorize, token, logout; and
`/oidc/userinfo` and
`/v1.0/me/transitiveMemberOf`, which in real life are Microsoft Graph's.
"""

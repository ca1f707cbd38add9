"""Simulated Entra ID, v2.0 endpoints of one tenant.

It owns sign-in, codes, refresh tokens, ID and access tokens and the signing keys, and speaks in
AADSTS errors. Routes under `/{tenant}`: discovery, keys, authorize, token, logout; and
`/oidc/userinfo`, which in real life is Microsoft Graph's.
"""

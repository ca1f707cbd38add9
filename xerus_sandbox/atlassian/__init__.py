"""Simulated Atlassian: OAuth 2.0 (3LO) with its pages, and the gateway in front of the products.

It owns sign-in, consent, token families, sites of a grant, and who may run which operation. What
Jira and Confluence answer belongs to `xerus_sandbox.products`; the seam is `operations.py`.
Routes: `/authorize`, `/oauth/token`, `/oauth/token/accessible-resources`, `/me`, `/ex/...`,
`/site/{name}/...`, `/dc/{product}/...`.
"""

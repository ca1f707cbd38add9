"""Async REST clients of Jira and Confluence, on Cloud and on Data Center.

Owns the transport (authorization, renewal after a 401, retries, error mapping), the two product
clients that hide what differs between the deployments, the `Credentials` protocol, and its
implementation over the operator's own tokens (`pat.py`). A user's tokens are the business of
`connections`, which implements the same protocol. Documents are passed through in the product's
own form; turning them into Markdown is the business of `content` and `tools`. All requests leave
through `egress`.
"""

"""The one way out: every HTTP request that Xerus makes goes through `client.Egress`.

Only the libraries of the model providers bring their own requests: `library.library_client`.

Owns the allowed origins, the total deadline and the size cap of an answer. Follows no redirect:
who follows one decides which headers go along. Knows nothing of Atlassian, Entra ID or tokens;
`atlassian/transport` and `oauth/` build on it.
"""

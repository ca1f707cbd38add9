"""Xerus: a self-hosted AI assistant that works in Jira and Confluence as the person who asks.

The folders are the architecture; `docs/architecture.md` draws it. Imports go downwards only:
`cli` > `app` > `web | worker` > `assistant | mcpserver | authserver` > `tools` >
`connections | grants` > `atlassian | content | accounts` > `vault | pages` > `audit | limits` >
`keys` > `oauth` > `egress | db` > `telemetry` > `settings | errors | ids | clock`.
"""

__version__ = "0.1.0"

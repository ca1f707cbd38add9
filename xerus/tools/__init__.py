"""The tools: each declared once, all run by one runner.

`declaration.py` says what a tool is, `jira/`, `confluence/` and `connection.py` declare them,
`catalogue.py` lists them, `runner.py` is the one way to run one. Knows nothing of MCP messages, web
pages or where a credential comes from: `mcpserver` turns records into protocol answers, and the
`Credentials` protocol of `atlassian` hides whether a person's own token or the operator's is used.
"""

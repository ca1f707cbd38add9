"""The chat's assistant: conversations, the loop with the model, and approvals of writes.

Owns the tables `conversations`, `conversation_turns` and `approvals` (everything a person or a
model wrote is sealed), the demo model, and the client of our own MCP server: the assistant reaches
Jira and Confluence only as that client, with a token of the person who asks. Does not render pages
(`web`), decide what a tool may do (`tools`) or know credentials (`connections`).
"""

"""Holds calls to the projects and spaces that the operator chose.

`transport.py` stands between the clients and the network, so that no tool can go round it:
`jira.py` and `confluence.py` say for each kind of request how it is held, `queries.py` binds JQL
and CQL. What nobody has said anything about is refused. Exists only while a filter is set.
"""

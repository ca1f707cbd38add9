"""Jira Cloud (REST v3) and Jira Data Center (REST v2): one set of rules, two ways to say it.

`scheme` holds what every instance shares (statuses, types, priorities, fields), `beans` and `fields`
make JSON, `edits` reads it, `jql` searches; the other modules hold operations, and `operations`
lists them with their scopes.
"""

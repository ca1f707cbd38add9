"""Confluence Cloud (REST v2 and what is left of v1) and Confluence Data Center (REST v1).

`bodies` reads and writes the representations of a text, `cql` searches, `cloud_*` and `server_*`
hold the operations of each deployment, and `operations` lists them with their scopes.
"""

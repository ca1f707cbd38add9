"""The tools that work in Jira, one file per toolset.

`search.py`, `issues.py`, `comments.py` and `transitions.py` declare them; `people.py` turns
names into what Jira wants, `bodies.py` converts
Markdown for the deployment at hand, `records.py` shapes what is shown.
"""

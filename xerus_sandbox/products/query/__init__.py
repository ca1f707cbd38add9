"""The grammar that JQL and CQL share: lexer, parser, dates.

What a field means and which words the errors use belong to `jira.jql` and `confluence.cql`.
"""

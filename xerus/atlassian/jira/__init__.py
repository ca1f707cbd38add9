"""The Jira client: REST v3 on Cloud, v2 on Data Center, one surface.

It passes documents through as they are (ADF on Cloud, wiki markup on Data Center; see
`Jira.is_cloud`), and names people by account id on Cloud and by user name on Data Center.
"""

"""A person's link to their own Atlassian account: made, kept alive, shown and ended.

Owns the authorization code flow towards Atlassian, the tables `connections`, `credentials` and
`connect_flows`, the renewal of tokens, and the credentials that tools get for one person.
Does not own: pages (`web`), the calls to Jira and Confluence (`atlassian`), sealing (`vault`).
Neighbours: implements `atlassian.credentials.Credentials`; `worker` calls `renew_due` and
`clean_up`; `web` calls `service.Connections` and reads `views`.
"""

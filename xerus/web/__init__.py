"""The pages: one file per page or action, each with its routes and the words it says.

Owns the routes `/`, `/chat...`, `/tools`, `/connections/atlassian...`, `/access...`, `/activity`, `/help...`, `/notices/put-away`,
`/admin...`, `/signin`, `/signout` and `/theme`; `routes.py` lists them. Each page works as plain links and forms.
Decides nothing itself: it calls `accounts`, `grants`, `connections`, `assistant` and `audit`, and renders with
`pages`. The consent page and `/oauth/callback` belong to `authserver`.
"""

"""Tools over both products, and those that run others."""

from tests.tools.cases.case import Case, Fails, NoCase, Omits, bad, gone, secret

_OWN = NoCase(reason="it speaks of the caller alone")
_COMMENT = {"tool": "jira_add_comment", "arguments": {"issue_key": "$issue", "body": "Words"}}

CASES = (
    Case(
        tool="connection_status",
        works={},
        says="^State: ",
        missing=_OWN,
        hidden=_OWN,
        wrong=bad("format", format="xml"),
    ),
    Case(
        tool="my_activity",
        works={"item": "ENG-1"},
        says="jira_get_issue",
        missing=Omits(given={"item": "ENG-99999"}, says="No call found"),
        hidden=_OWN,
        wrong=bad("cursor", cursor="soon"),
    ),
    Case(
        tool="search",
        works={"query": "order"},
        says=r"ENG-\d+|OPS-\d+",
        missing=Omits(given={"query": "zzznothingzzz"}, says="[Nn]o"),
        hidden=Omits(given={"query": "holiday rules", "limit": 50}, silent=r"HR-\d|Holiday rules"),
        wrong=bad("query", query=""),
    ),
    Case(
        tool="fetch",
        works={"id": "$issue"},
        says="A secret of ENG",
        missing=gone(id="ENG-99999"),
        hidden=secret(id="$hr_issue"),
        wrong=bad("", id="https://elsewhere.example/browse/ENG-1"),
    ),
    Case(
        tool="batch",
        works={"steps": [_COMMENT]},
        says="Words",
        missing=gone(
            steps=[
                {
                    "tool": "jira_add_comment",
                    "arguments": {"issue_key": "ENG-99999", "body": "Words"},
                }
            ]
        ),
        hidden=secret(
            steps=[
                {
                    "tool": "jira_add_comment",
                    "arguments": {"issue_key": "$hr_issue", "body": "Words"},
                }
            ]
        ),
        wrong=bad("steps", steps=[]),
    ),
    Case(
        tool="discover",
        works={"query": "comment"},
        says="jira_add_comment",
        missing=Omits(given={"query": "zzznothingzzz"}, says="[Nn]o"),
        hidden=NoCase(reason="it lists tools, which are the same for everybody with the scopes"),
        wrong=bad("query", query=5),
    ),
    Case(
        tool="execute_read",
        works={"tool": "jira_get_issue", "arguments": {"issue_key": "$issue"}},
        says="A secret of ENG",
        missing=gone(tool="jira_get_issue", arguments={"issue_key": "ENG-99999"}),
        hidden=secret(tool="jira_get_issue", arguments={"issue_key": "$hr_issue"}),
        wrong=bad("execute_write", **_COMMENT),
    ),
    Case(
        tool="execute_write",
        works=_COMMENT,
        says="Words",
        missing=Fails(given={"tool": "jira_no_such_tool", "arguments": {}}, says="discover"),
        hidden=secret(
            tool="jira_add_comment", arguments={"issue_key": "$hr_issue", "body": "Words"}
        ),
        wrong=bad(
            "execute_destructive", tool="jira_delete_issue", arguments={"issue_key": "ENG-1"}
        ),
    ),
    Case(
        tool="execute_destructive",
        works={"tool": "jira_delete_issue", "arguments": {"issue_key": "$issue"}},
        says="A secret of ENG",
        missing=gone(tool="jira_delete_issue", arguments={"issue_key": "ENG-99999"}),
        hidden=secret(tool="jira_delete_issue", arguments={"issue_key": "$hr_issue"}),
        wrong=bad("arguments", tool="jira_delete_issue", arguments=[]),
    ),
)

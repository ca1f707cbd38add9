"""The three calls that everything is measured with, by the name and arguments of the tool."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.upstream.answers import FOUND_ISSUES


@dataclass(frozen=True, kw_only=True)
class Question:
    """A tool's call; `path` is the one request to Data Center that answers it."""

    tool: str
    arguments: Mapping[str, Any]
    path: str


ISSUE = Question(
    tool="jira_get_issue", arguments={"issue_key": "ENG-1"}, path="/rest/api/2/issue/ENG-1"
)
SEARCH = Question(
    tool="jira_search",
    arguments={"jql": "project = ENG", "limit": FOUND_ISSUES},
    path=f"/rest/api/2/search?jql=project%20%3D%20ENG&maxResults={FOUND_ISSUES}",
)
PAGE = Question(
    tool="confluence_get_page",
    arguments={"page_id": "123"},
    path="/rest/api/content/123?expand=body.storage,version,space",
)
QUESTIONS = (ISSUE, SEARCH, PAGE)
PATHS = {question.tool: question.path for question in QUESTIONS}

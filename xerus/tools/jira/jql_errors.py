"""What is wrong with a query, with the names that would be right."""

import re
from difflib import get_close_matches

from xerus.atlassian.errors import AtlassianRefused
from xerus.atlassian.jira import metadata
from xerus.atlassian.jira.client import Jira
from xerus.errors import XerusError
from xerus.tools.jira.field_names import near
from xerus.tools.untrusted import one_line

_BAD_REQUEST = 400
_FIELD = re.compile(r"[Ff]ield '([^']{1,100})' does not exist")
_VALUE = re.compile(r"[Vv]alue '([^']{1,100})' does not exist for the field '([^']{1,100})'")
_MOST_EXPLAINED = 3


async def explain(jira: Jira, jql: str, refused: AtlassianRefused) -> None:
    """Add to a refusal of a query everything that is wrong with it, and names that exist.

    Only what Jira says in English is understood; a failure here leaves the refusal as it was.
    """
    if refused.upstream_status != _BAD_REQUEST:
        return
    try:
        problems = await metadata.jql_problems(jira, jql) if jira.is_cloud else []
        said = " ".join(problems) or refused.said
        refused.said = one_line(" ".join([said, *await _right_names(jira, said)]))
    except XerusError:
        return


async def _right_names(jira: Jira, said: str) -> list[str]:
    lines = []
    unknown = _FIELD.findall(said)[:_MOST_EXPLAINED]
    fields = await metadata.fields(jira) if unknown else []
    for wanted in unknown:
        close = ", ".join(str(field.get("name")) for field in near(wanted, fields))
        lines.append(f"Fields like '{wanted}': {close or 'none'}.")
    for wanted, field in _VALUE.findall(said)[:_MOST_EXPLAINED]:
        known = await metadata.suggestions(jira, field)
        if values := get_close_matches(wanted, known, n=5, cutoff=0.5) or known:
            lines.append(f"Values of '{field}': {', '.join(values)}.")
    return lines

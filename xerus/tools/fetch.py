"""One issue or page, whatever way it is named."""

import re
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import AliasChoices, Field

from xerus.atlassian.jira.client import Jira
from xerus.errors import InvalidInput
from xerus.tools.confluence.pages import get_page
from xerus.tools.declaration import Answer, Effect, ReadArgs, tool
from xerus.tools.jira.issues import get_issue
from xerus.tools.products import Products

_ISSUE_ID = r"([A-Za-z][A-Za-z0-9_]{0,59}-[0-9]{1,18})"
_KEY = re.compile(rf"^{_ISSUE_ID}$")
_ISSUE_PATHS = re.compile(
    rf"/(?:browse|issues|portal/[0-9]+|jira\.issueviews:issue-[a-z]+)/{_ISSUE_ID}(?:/|$)"
)
_BASE_ENDS = re.compile(
    r"/(?:browse|issues|projects|secure|servicedesk|si"
    r"|jira/(?:apps|core|dashboards|filters|for-you|people|plans|servicedesk/projects|software|your-work)"
    r"|wiki|pages|display|spaces|x)(?:/|$)"
)


class Fetch(ReadArgs):
    """What to read."""

    id: Annotated[
        str, Field(max_length=2000, description="Issue key, page id, or any Jira or Confluence URL")
    ] = Field(validation_alias=AliasChoices("id", "url"))
    max_chars: int = Field(default=20_000, ge=200, le=200_000, description="Longest text shown")

    def target_site(self) -> str | None:
        """Return the site asked for, else the one that the URL is on."""
        parts = _address(self.id)
        if self.site or parts.scheme not in {"http", "https"}:
            return self.site
        end = _BASE_ENDS.search(parts.path)
        path = parts.path[: end.start()] if end else ""
        return f"{parts.scheme}://{parts.netloc}{path}" if path else parts.netloc


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """An issue or a page."""

    view: Answer

    def markdown(self) -> str:
        """Return what the tool of its own kind returns."""
        return self.view.markdown()

    def structured(self) -> dict[str, Any]:
        """Return id, title, text and address, and the rest as metadata."""
        about = self.view.structured()
        fields = about.get("fields") or {}
        return {
            "id": about.get("key") or about.get("page_id"),
            "title": about.get("title") or fields.get("summary", ""),
            "text": self.view.markdown(),
            "url": about.get("link", ""),
            "metadata": {
                name: value
                for name, value in about.items()
                if name not in {"body", "description", "comments"}
            },
            "untrusted": ["title", "text", "metadata"],
        }


@tool(
    title="Fetch issue or page",
    effect=Effect.READ,
    optional_scopes=get_issue.scopes | get_page.scopes | get_page.optional_scopes,
    endpoints=get_issue.endpoints + get_page.endpoints,
    data_center=get_issue.data_center + get_page.data_center,
)
async def fetch(products: Products, args: Fetch) -> Fetched:
    """Read a Jira issue or Confluence page by id or URL."""
    if issue_key := _issue_key(args.id.strip()):
        jira = products.reach_jira()
        _check_host(args.id, jira)
        asked = get_issue.arguments.model_validate(
            {"issue_key": issue_key, "max_chars": args.max_chars}
        )
        return Fetched(view=await get_issue.run(jira, asked))
    try:
        asked = get_page.arguments.model_validate({"page_id": args.id, "max_chars": args.max_chars})
        return Fetched(view=await get_page.run(products.reach_confluence(), asked))
    except InvalidInput as error:
        error.message = error.message.replace("page_id: ", "id: ")
        raise


def _address(text: str) -> SplitResult:
    """Return the parts of an address, empty ones where it is none."""
    try:
        return urlsplit(text.strip())
    except ValueError:  # brackets that hold no IPv6 address
        return urlsplit("")


def _check_host(address: str, jira: Jira) -> None:
    host = _address(address).netloc.lower()
    own = urlsplit(jira.target.browse_base).netloc.lower()
    if host not in {"", own}:
        raise InvalidInput(
            f"That address is on {host}, but this call goes to {own}.", hint="Leave `site` out."
        )


def _issue_key(text: str) -> str:
    """Return the key in a key or an address of an issue; '' where it names none."""
    if _KEY.match(text):
        return text.upper()
    parts = _address(text)
    if parts.scheme not in {"http", "https"}:
        return ""
    selected = parse_qs(parts.query).get("selectedIssue", [""])[0]
    if _KEY.match(selected):
        return selected.upper()
    found = _ISSUE_PATHS.search(parts.path)
    return found[1].upper() if found else ""

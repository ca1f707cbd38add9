"""Templates of pages: which there are, and one as Markdown for a new page."""

import re
from dataclasses import dataclass
from html import escape, unescape
from typing import Annotated, Any

from pydantic import Field

from xerus.atlassian.confluence import templates as api
from xerus.atlassian.confluence.client import READ_SUMMARY, Confluence
from xerus.atlassian.confluence.templates import Template
from xerus.content.document import Rendered
from xerus.errors import InvalidInput
from xerus.settings.toolsets import Toolset
from xerus.tools.aside import aside
from xerus.tools.confluence.bodies import from_body, kinds
from xerus.tools.confluence.fields import SpaceKey
from xerus.tools.declaration import Effect, ReadArgs, tool
from xerus.tools.listing import Listing
from xerus.tools.untrusted import clean, fenced, one_line

_COLUMNS = ("id", "name", "space", "description")
_DECLARED = re.compile(r"<at:declarations\b[^>]*>.*?</at:declarations>", re.DOTALL)
_VARIABLE = re.compile(r'<at:var\b[^>]*?\bat:name="([^"]*)"[^>]*?(?:/>|>\s*</at:var>)')
_MOST_SHOWN = 20_000


class Templates(ReadArgs):
    """Of which space, or which one."""

    space_key: SpaceKey | None = None
    template_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$")] | None = Field(
        default=None, description="Show this one as Markdown"
    )
    limit: int = Field(default=25, ge=1, le=100, description="Most rows")
    cursor: Annotated[str, Field(pattern=r"^[0-9]{1,9}$")] | None = Field(
        default=None, description="From the answer before"
    )


@dataclass(frozen=True, kw_only=True)
class TemplateView:
    """One template; its variables stand in the text as {name}."""

    template: Template
    text: Rendered
    variables: tuple[str, ...]

    def markdown(self) -> str:
        """Return how to use it, and the text, fenced."""
        one = self.template
        asked = " Put values in place of the variables, {name}." if self.variables else ""
        head = f"Template {one.template_id}. Send its text, filled in, with confluence_create_page."
        shown = self.text.markdown[:_MOST_SHOWN]
        body = fenced(
            f"name: {one_line(one.name)}\n\n{clean(shown)}",
            source=f"confluence template {one.template_id}",
        )
        parts = [head + asked, body]
        if len(shown) < len(self.text.markdown):
            parts.append(f"Cut: {len(shown)} of {len(self.text.markdown)} characters.")
        if self.text.lossy:
            parts.append(f"Shown as markers only, leave them out: {kinds(self.text.lossy)}.")
        return "\n".join(parts)

    def structured(self) -> dict[str, Any]:
        """Return the same as an object, the text whole."""
        one = self.template
        return {
            "template_id": one.template_id,
            "name": clean(one.name),
            "description": clean(one.description),
            "space_key": one.space_key,
            "body": clean(self.text.markdown),
            "variables": [clean(name) for name in self.variables],
            "markers": list(self.text.lossy),
            "untrusted": ["name", "description", "body", "variables", "markers"],
        }


@tool(
    title="Page templates",
    effect=Effect.READ,
    toolset=Toolset.EXTRA,
    scopes={READ_SUMMARY},
    endpoints=(api.LIST, api.GET),
)
async def templates(confluence: Confluence, args: Templates) -> Listing | TemplateView:
    """List Confluence page templates, of a space or the site's, or read one to create a page from it (Cloud)."""
    if not confluence.is_cloud:
        raise InvalidInput(
            "Confluence Data Center has no templates in its REST API.",
            hint="confluence_copy_page copies a page that serves as one.",
        )
    if args.template_id is not None:
        found = await api.template(confluence, args.template_id)
        return await aside(lambda: _view(found), size=confluence.received)
    page = await api.templates(confluence, args.space_key, limit=args.limit, cursor=args.cursor)
    return Listing(
        noun="template",
        columns=_COLUMNS,
        rows=[
            [one.template_id, one.name, one.space_key, one.description] for one in page.templates
        ],
        source=f"confluence {confluence.target.site_name} templates",
        cursor=page.cursor,
        note="Read one with template_id.",
        nothing="No templates there. Those of a space are listed with its space_key only.",
    )


def _view(template: Template) -> TemplateView:
    names = tuple(dict.fromkeys(unescape(name) for name in _VARIABLE.findall(template.body)))
    body = _VARIABLE.sub(
        lambda found: escape(f"{{{unescape(found[1])}}}", quote=False),
        _DECLARED.sub("", template.body),
    )
    try:
        text = from_body(body, mention_ids=True)
    except InvalidInput as error:
        text = Rendered(markdown=f"[not shown: {error.message}]", lossy=("everything",))
    return TemplateView(template=template, text=text, variables=names)

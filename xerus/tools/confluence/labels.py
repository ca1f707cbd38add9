"""Reading and changing the labels of a page."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from xerus.atlassian.confluence import labels as client
from xerus.atlassian.confluence.client import READ_PAGE, WRITE_CONTENT, Confluence
from xerus.errors import InvalidInput
from xerus.tools.confluence.addressing import page_id_in
from xerus.tools.confluence.fields import PageRef
from xerus.tools.declaration import Effect, ReadArgs, SiteArgs, tool
from xerus.tools.readback import read_back
from xerus.tools.untrusted import clean, fenced, one_line


def _lower(value: object) -> object:
    """Confluence knows labels in lower case only."""
    return value.strip().lower() if isinstance(value, str) else value


LabelName = Annotated[
    str, BeforeValidator(_lower), Field(pattern=r"^[^\s:;,.?&\[\]()#^*@!<>]{1,255}$")
]


class GetLabels(ReadArgs):
    """Of which page."""

    page_id: PageRef


@dataclass(frozen=True, kw_only=True)
class Labels:
    """All labels of a page; `head` is our own word above them."""

    page_id: str
    names: list[str]
    head: str = ""

    def markdown(self) -> str:
        """Return the labels, fenced: people wrote them."""
        if not self.names:
            return f"{self.head}Page {self.page_id} has no labels."
        listed = ", ".join(map(one_line, self.names))
        source = f"labels of confluence page {self.page_id}"
        return f"{self.head}Page {self.page_id}, all labels:\n{fenced(listed, source=source)}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        names = [clean(name) for name in self.names]
        return {"page_id": self.page_id, "labels": names, "untrusted": ["labels"]}


@tool(
    title="Get labels",
    effect=Effect.READ,
    scopes={READ_PAGE},
    endpoints=("GET /wiki/api/v2/pages/{id}/labels",),
    data_center=("GET /rest/api/content/{id}/label",),
)
async def get_labels(confluence: Confluence, args: GetLabels) -> Labels:
    """List the labels of a Confluence page; confluence_search finds pages by label."""
    page_id = page_id_in(confluence, args.page_id)
    return Labels(page_id=page_id, names=await _names(confluence, page_id))


class ChangeLabels(SiteArgs):
    """Which labels to add and to remove."""

    page_id: PageRef
    add: list[LabelName] = Field(default=[], max_length=20, description="Labels, without spaces")
    remove: list[LabelName] = Field(default=[], max_length=20, description="Labels")


@tool(
    title="Change labels",
    effect=Effect.UPDATE,
    scopes={WRITE_CONTENT, READ_PAGE},
    endpoints=(
        "GET /wiki/api/v2/pages/{id}/labels",
        "POST /wiki/rest/api/content/{id}/label",
        "DELETE /wiki/rest/api/content/{id}/label",
    ),
    data_center=(
        "GET /rest/api/content/{id}/label",
        "POST /rest/api/content/{id}/label",
        "DELETE /rest/api/content/{id}/label",
    ),
)
async def label(confluence: Confluence, args: ChangeLabels) -> Labels:
    """Add labels to a Confluence page, remove labels from it."""
    if not args.add and not args.remove:
        raise InvalidInput("Give add, remove, or both.")
    if both := set(args.add) & set(args.remove):
        raise InvalidInput(f"add and remove both name {', '.join(sorted(both))}.")
    page_id = page_id_in(confluence, args.page_id)
    before = await _names(confluence, page_id)
    added = [name for name in dict.fromkeys(args.add) if name not in before]
    removed = [name for name in dict.fromkeys(args.remove) if name in before]
    if added:
        await client.add(confluence, page_id, added)
    for name in removed:
        await client.remove(confluence, page_id, name)
    if not added and not removed:
        return Labels(page_id=page_id, names=before, head="Nothing to change. ")
    expected = [name for name in before if name not in removed] + added
    after, problem = await read_back(_names(confluence, page_id), otherwise=expected)
    return Labels(page_id=page_id, names=after, head=_head(before, after, args, problem))


def _head(before: list[str], after: list[str], args: ChangeLabels, problem: str) -> str:
    """Say what changed, out of what was read back, and which wishes did not come true."""
    changes = [f"+{name}" for name in after if name not in before]
    changes += [f"-{name}" for name in before if name not in after]
    failed = [name for name in args.add if name not in after]
    failed += [name for name in args.remove if name in after]
    lost = f"But not: {', '.join(failed)}. " if failed else ""
    done = fenced(", ".join(map(one_line, changes)), source="changed labels") if changes else ""
    return f"Changed. {problem}{lost}\n{done}\n"


async def _names(confluence: Confluence, page_id: str) -> list[str]:
    """Return the names, with the prefix where it is not the usual one."""
    found = await client.of_page(confluence, page_id)
    return [one.name if one.prefix == "global" else f"{one.prefix}:{one.name}" for one in found]

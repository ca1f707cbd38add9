"""How a page is shown: facts, and the part of its body that was asked for."""

from dataclasses import dataclass
from typing import Any, Self

import orjson

from xerus.atlassian.confluence.records import Page
from xerus.errors import InvalidInput
from xerus.tools.confluence.bodies import from_body, kinds
from xerus.tools.confluence.outline import outline, section
from xerus.tools.untrusted import clean, fenced, one_line


@dataclass(frozen=True, kw_only=True)
class PageView:
    """A page, or a part of it.

    Attributes:
        text: what is shown of the body, before it is cut.
        lossy: what the text has only a marker for.
        part: "outline", "section", or "full".
        preface: our own word above it.
    """

    page: Page
    link: str
    text: str
    lossy: tuple[str, ...]
    offset: int
    max_chars: int
    part: str = "full"
    preface: str = ""

    @classmethod
    def of(
        cls,
        page: Page,
        link: str,
        *,
        max_chars: int,
        offset: int = 0,
        part: str = "full",
        heading: str = "",
        raw: bool = False,
        preface: str = "",
    ) -> Self:
        """Take the part out of the body.

        Raises:
            InvalidInput: `part` is a section, and `heading` names none.
        """
        text, lossy = _raw(page) if raw else _markdown(page)
        if part == "outline":
            text = outline(text)
        elif part == "section":
            if not heading:
                raise InvalidInput("Give section, the heading.", hint='part="outline" lists them.')
            text = section(text, heading)
        return cls(
            page=page,
            link=link,
            text=text,
            lossy=lossy,
            offset=offset,
            max_chars=max_chars,
            part=part,
            preface=preface,
        )

    def markdown(self) -> str:
        """Return a line of facts and the body, fenced."""
        page = self.page
        shown = self.text[self.offset : self.offset + self.max_chars]
        facts = f"space: {page.space_key}\nversion: {page.version}, {page.changed_at[:16]}"
        body = fenced(
            f"title: {one_line(page.title)}\n{facts}\n\n{shown}",
            source=f"confluence {page.noun} {page.page_id}",
            author=page.author,
        )
        parts = [f"{self.preface}{page.noun.capitalize()} {page.page_id}: {self.link}", body]
        if self.part == "outline":
            parts.append("Outline only: read one part with section=, a heading or its number.")
        if len(shown) < len(self.text):
            parts.append(self._cut(len(shown)))
        if self.lossy and self.part != "outline":
            parts.append(f"Shown as markers only: {kinds(self.lossy)}.")
        return "\n".join(parts)

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        page = self.page
        return {
            "page_id": page.page_id,
            "link": self.link,
            "title": clean(page.title),
            "space_key": page.space_key,
            "version": page.version,
            "changed_at": page.changed_at,
            "author": clean(page.author),
            "parent_id": page.parent_id,
            "part": self.part,
            "body": self.text[self.offset : self.offset + self.max_chars],
            "offset": self.offset,
            "characters": len(self.text),
            "markers": list(self.lossy),
            "untrusted": ["title", "author", "body", "markers"],
        }

    def _cut(self, shown: int) -> str:
        end, whole = self.offset + shown, len(self.text)
        rest = f" Go on with offset={end}." if end < whole else ""
        return f"Cut: characters {self.offset} to {end} of {whole}.{rest}"


def _markdown(page: Page) -> tuple[str, tuple[str, ...]]:
    # People keep their ids: this text may come back in an update.
    try:
        rendered = from_body(page.body, mention_ids=True)
    except InvalidInput as error:
        # The page is there, and may just have been written: only its body is beyond the converter.
        return f"[not shown: {error.message}]", ("everything",)
    return clean(rendered.markdown), rendered.lossy  # cleaned before offsets are counted


def _raw(page: Page) -> tuple[str, tuple[str, ...]]:
    if isinstance(page.body, dict):
        return orjson.dumps(page.body).decode(), ()
    return page.body or "", ()

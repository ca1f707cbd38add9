"""A comment as an answer."""

from dataclasses import dataclass
from typing import Any, Self

from xerus.atlassian.confluence.comments import Comment
from xerus.errors import InvalidInput
from xerus.tools.confluence.bodies import from_body
from xerus.tools.tables import shortened
from xerus.tools.untrusted import clean, fenced, one_line

_LONGEST = 8000
_LONGEST_ANCHOR = 200
_RESOLUTIONS = frozenset({"open", "reopened", "resolved", "dangling"})


@dataclass(frozen=True, kw_only=True)
class CommentView:
    """One comment, its body as Markdown; people keep their ids, for writing it back."""

    comment: Comment
    body: str

    @classmethod
    def of(cls, comment: Comment) -> Self:
        """Render the body; one beyond the converter's bounds does not take others with it."""
        try:
            body = from_body(comment.body, mention_ids=True).markdown
        except InvalidInput as error:
            body = f"[not shown: {error.message}]"
        return cls(comment=comment, body=body)

    @property
    def resolution(self) -> str:
        """Whether an inline comment is resolved, in a word of ours; '' for a footer comment."""
        known = self.comment.resolution in _RESOLUTIONS
        return self.comment.resolution if known else ""

    def markdown(self) -> str:
        """Return what it is, and anchor and text in a fence."""
        comment = self.comment
        what = f"{comment.kind} comment {comment.comment_id}"
        state = ", ".join(filter(None, [what, self.resolution]))
        head = f"reply {comment.comment_id} to {comment.parent_id}" if comment.parent_id else state
        anchor = shortened(one_line(comment.anchor), _LONGEST_ANCHOR)
        about = f"on: {anchor}\n\n" if anchor and not comment.parent_id else ""
        text = fenced(
            about + shortened(self.body, _LONGEST),
            source=f"confluence comment {comment.comment_id}",
            author=comment.author,
            at=comment.at[:16],
        )
        cut = len(self.body) > _LONGEST
        return f"{head}\n{text}" + (f"\nCut: {_LONGEST} of {len(self.body)} characters." * cut)

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        comment = self.comment
        return {
            "id": comment.comment_id,
            "kind": comment.kind,
            "parent_id": comment.parent_id,
            "author": clean(comment.author),
            "at": comment.at,
            "anchor": clean(comment.anchor),
            "resolution": self.resolution,
            "body": clean(self.body),
        }

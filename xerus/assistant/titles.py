"""Titles of conversations: of the first message, or as the person renamed it."""

from xerus.errors import InvalidInput
from xerus.tools.untrusted import one_line

LONGEST_TITLE = 120
"""Characters; the field for a new title has the same limit."""

_OF_MESSAGE = 60


def title_of(message: str) -> str:
    """Return the title of a conversation that begins with `message`."""
    return _shortened(one_line(message), _OF_MESSAGE)


def chosen_title(text: str) -> str:
    """Return a title that the person wrote, as it is kept: one line of what can be seen.

    Raises:
        InvalidInput: nothing of it can be seen, or it is too long.
    """
    title = one_line(text)
    if not title:
        raise InvalidInput("The title is empty.", hint="Write a few words, then save.")
    if len(title) > LONGEST_TITLE:
        raise InvalidInput(
            f"The title has {len(title):,} characters; at most {LONGEST_TITLE} are kept.",
            hint="Shorten it, then save.",
        )
    return title


def _shortened(line: str, most: int) -> str:
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"

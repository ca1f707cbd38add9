"""Pictures among answers: recognised by their first bytes, never by what their name claims."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

_MARKS: dict[str, tuple[tuple[int, bytes], ...]] = {
    "image/png": ((0, b"\x89PNG\r\n\x1a\n"),),
    "image/jpeg": ((0, b"\xff\xd8\xff"),),
    "image/gif": ((0, b"GIF8"),),
    "image/webp": ((0, b"RIFF"), (8, b"WEBP")),
}
"""The first bytes of each kind: where, and which."""


@dataclass(frozen=True, kw_only=True)
class Image:
    """A picture of a kind that clients show."""

    mime: str
    content: bytes = field(repr=False)


class Pictured(ABC):
    """An answer that may come with a picture."""

    @abstractmethod
    def image(self) -> Image | None:
        """Return the picture, None without one."""


def image_of(content: bytes) -> Image | None:
    """Return a PNG, JPEG, GIF or WebP as an image, None for anything else."""
    for mime, marks in _MARKS.items():
        if all(content[at:].startswith(mark) for at, mark in marks):
            return Image(mime=mime, content=content)
    return None

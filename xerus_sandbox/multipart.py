"""Reading `multipart/form-data` (RFC 7578), as far as uploads need it."""

import re
from dataclasses import dataclass

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


class MultipartError(ValueError):
    """The body is not what its Content-Type says."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part; `filename` is empty for a plain value."""

    name: str
    filename: str
    mime: str
    content: bytes


def parts(content_type: str, body: bytes) -> list[Part]:
    """Return the parts of a body in their order.

    Raises:
        MultipartError: no boundary, or a part without headers.
    """
    found = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/form-data") or not found:
        raise MultipartError("The body is not multipart/form-data.")
    pieces = (b"\r\n" + body).split(b"\r\n--" + found[1].encode())
    return [_part(piece) for piece in pieces[1:] if not piece.startswith(b"--")]


def _part(piece: bytes) -> Part:
    head, separator, content = piece.partition(b"\r\n\r\n")
    if not separator:
        raise MultipartError("A part has no headers.")
    lines = (line.partition(":") for line in head.decode().split("\r\n"))
    headers = {name.strip().lower(): value.strip() for name, _, value in lines}
    parameters = dict(_PARAMETER.findall(headers.get("content-disposition", "")))
    return Part(
        name=parameters.get("name", ""),
        filename=parameters.get("filename", ""),
        mime=headers.get("content-type", "application/octet-stream"),
        content=content,
    )

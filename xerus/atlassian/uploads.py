"""A file as the body of a request: `multipart/form-data` (RFC 7578)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A body that is ready to be sent."""

    content_type: str
    body: bytes = field(repr=False)


def upload(
    filename: str, content: bytes, *, mime: str, values: Mapping[str, str] | None = None
) -> Upload:
    """Return the form of one file named `file`, with further values."""
    boundary = secrets.token_hex(16)
    named = f'name="file"; filename="{_quoted(filename)}"'
    pieces = [_part(f'name="{name}"', value.encode()) for name, value in (values or {}).items()]
    pieces.append(_part(named, content, f"\r\nContent-Type: {mime}"))
    mark = f"--{boundary}\r\n".encode()
    body = b"".join(mark + piece for piece in pieces) + f"--{boundary}--\r\n".encode()
    return Upload(content_type=f"multipart/form-data; boundary={boundary}", body=body)


def _part(disposition: str, content: bytes, further: str = "") -> bytes:
    head = f"Content-Disposition: form-data; {disposition}{further}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def _quoted(filename: str) -> str:
    """Escape what would end the header's string or line (RFC 7578 section 4.2)."""
    escapes = {'"': "%22", "\r": "%0D", "\n": "%0A"}
    return "".join(escapes.get(character, character) for character in filename)

"""Where a person may be sent back to: a path of our own, never another site."""

from urllib.parse import urlsplit

_LONGEST = 2000


def local_path(value: str | None, *, default: str = "/") -> str:
    r"""Return `value` if it is a path on this server, else `default`.

    Browsers read a backslash as a slash and skip tabs and line ends, so `/\evil.example` and
    `/<tab>/evil.example` lead elsewhere although they start with a single slash.
    """
    if not value or len(value) > _LONGEST or not value.startswith("/"):
        return default
    if value.startswith("//") or "\\" in value:
        return default
    if any(ord(char) <= 0x20 or ord(char) == 0x7F for char in value):  # noqa: PLR2004 - ASCII controls and space
        return default
    try:
        parts = urlsplit(value)
    except ValueError:
        return default
    return default if parts.scheme or parts.netloc else value

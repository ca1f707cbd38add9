"""What uploads of both products share: the XSRF check and the file in the form."""

from xerus_sandbox.multipart import MultipartError, Part, parts
from xerus_sandbox.operations import ApiError, Call


def is_checked(call: Call) -> bool:
    """Whether the header is there that a page in a browser cannot set by itself (facts e1.11)."""
    return call.headers.get("x-atlassian-token", "") in {"no-check", "nocheck"}


def form(call: Call, problem: ApiError) -> list[Part]:
    """Return the parts of the body.

    Raises:
        ApiError: `problem`, when it has no file or is no form at all.
    """
    try:
        found = parts(call.headers.get("content-type", ""), call.body)
    except MultipartError:
        raise problem from None
    if not any(part.name == "file" and part.filename for part in found):
        raise problem
    return found


def files(found: list[Part]) -> list[Part]:
    """Return the files of a form."""
    return [part for part in found if part.name == "file" and part.filename]


def value(found: list[Part], name: str) -> str:
    """Return a plain value of a form, '' without one."""
    return next((part.content.decode() for part in found if part.name == name), "")

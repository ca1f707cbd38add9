"""Bodies of requests that are read whole, within a bound."""

from starlette.requests import Request


async def read_bounded(request: Request, most_bytes: int) -> bytes | None:
    """Return the body of a request, None where it is larger than `most_bytes`.

    One that is announced as too large is not read at all, any other no further than the bound.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most_bytes:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            return None
    return bytes(body)

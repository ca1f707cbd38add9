"""Structured logging to stderr."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

_SECRET_NAMES = re.compile(
    r"token|secret|password|authorization|cookie|verifier|\bcode\b|\bstate\b|api_key", re.IGNORECASE
)
# Compact JWS, bearer values and the parameters of OAuth redirects, wherever they stand in a text.
_SECRET_TEXT = re.compile(
    r"(?P<keep>(?:Bearer|Basic) |[?&](?:code|state|link)=)[^&\s\"']+"
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]*"
)


def _hide(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take secrets out of an event: by the name of a fact, and by the look of a text."""
    for name, value in event.items():
        if name != "event" and _SECRET_NAMES.search(name):
            event[name] = "***"
        elif isinstance(value, str):
            event[name] = _SECRET_TEXT.sub(_stars, value)
    return event


def _stars(found: re.Match[str]) -> str:
    return (found["keep"] or "") + "***"


def configure(*, level: str, form: Literal["text", "json"]) -> None:
    """Send the logs of Xerus and of its libraries to stderr, secrets taken out."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _hide,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Their request lines repeat ours, and uvicorn's shows the query with codes in it. Alembic tells of
    # its plugins and of each step, where Xerus says that it brings the database up to date.
    for name in ("uvicorn.access", "httpx2", "aiohttp.access", "mcp", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # They quote what they cannot read: answers of other MCP servers, which hold people's texts.
    for name in ("mcp.client", "client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a package."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return bound

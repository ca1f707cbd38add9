"""The time formats of the products, all in UTC."""

from datetime import UTC, datetime


def jira_time(epoch: float) -> str:
    """Return Jira's form: milliseconds and an offset without a colon."""
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%dT%H:%M:%S}.{_millis(epoch)}+0000"


def iso_time(epoch: float) -> str:
    """Return Confluence's form: milliseconds and Z."""
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%dT%H:%M:%S}.{_millis(epoch)}Z"


def _millis(epoch: float) -> str:
    return f"{int(epoch * 1000) % 1000:03d}"

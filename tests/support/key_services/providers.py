"""Key providers as a process of Xerus builds them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from xerus.app.key_provider import keyring
from xerus.errors import XerusError
from xerus.keys.kms.calls import Patience
from xerus.keys.provider import KeyProvider
from xerus.settings.loading import load

_NO_PAUSES = Patience(attempt_seconds=20, pauses=(0.0, 0.0), rest_seconds=60)


@asynccontextmanager
async def provider_of(
    env: dict[str, str], folder: Path, patience: Patience = _NO_PAUSES
) -> AsyncIterator[KeyProvider]:
    keys = keyring(load({**env, "XERUS_DATA_DIR": str(folder)}), patience)
    try:
        yield keys.provider
    finally:
        await keys.close()


def told(error: XerusError) -> str:
    """Return everything that somebody could get to see of an error."""
    return " ".join((error.message, error.hint, error.debug, repr(error), repr(error.__cause__)))

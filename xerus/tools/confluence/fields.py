"""Argument types that several Confluence tools share, with their one description."""

from typing import Annotated

from pydantic import Field

SpaceKey = Annotated[
    str,
    Field(pattern=r"^~?[A-Za-z0-9._:-]+$", max_length=255, description="Space key, e.g. DOCS"),
]
Title = Annotated[str, Field(min_length=1, max_length=255)]

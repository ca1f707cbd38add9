"""Argument types that several Confluence tools share, with their one description."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

_LARGEST = 2**31 - 1


def _small(number: int) -> int:
    """Refuse what Confluence cannot read as a number; the schema has better things to say."""
    if number > _LARGEST:
        raise ValueError(f"must not be greater than {_LARGEST}")
    return number


SpaceKey = Annotated[
    str,
    Field(pattern=r"^~?[A-Za-z0-9._:-]+$", max_length=255, description="Space key, e.g. DOCS"),
]
Title = Annotated[str, Field(min_length=1, max_length=255)]
PageRef = Annotated[str, Field(min_length=1, max_length=2000, description="Page id or URL")]
Content = Annotated[str, Field(max_length=400_000, description="Body, in content_format")]
VersionNumber = Annotated[int, Field(ge=1), AfterValidator(_small)]
ContentFormat = Annotated[
    Literal["markdown", "storage", "adf"], Field(description="adf: Cloud only")
]

"""What a conversion can refuse.

InvalidInput
+-- ContentInvalid      not a document of the format it claims to be
`-- TooLarge
    +-- ContentTooLarge  more bytes or markup than a conversion takes
    `-- ContentTooDeep   nested deeper than a person would write
"""

from xerus.errors import InvalidInput, TooLarge


class ContentInvalid(InvalidInput):
    """The text or JSON is not a document of the format it claims to be."""

    code = "content_invalid"


class ContentTooLarge(TooLarge):
    """More bytes, or more markup, than one conversion takes."""

    code = "content_too_large"


class ContentTooDeep(TooLarge):
    """Blocks or brackets nested deeper than a person would write."""

    code = "content_too_deep"

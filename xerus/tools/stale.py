"""The error for a change of something that is no longer what its caller read."""

from xerus.errors import Conflict


class StaleVersion(Conflict):
    """There is a newer version than the one expected.

    Attributes:
        said: who made it, as people wrote it: data, not our words. '' where it is unknown.
    """

    def __init__(self, *, version: int, at: str, author: str, expected: int) -> None:
        super().__init__(
            f"The page has version {version} ({at}), not {expected}. Nothing was changed.",
            hint=f"Read it again and repeat with expected_version={version}; "
            f"confluence_versions with from_version={expected} shows what changed.",
        )
        self.said = f"Version {version} is by {author}" if author else ""

"""What the short forms of long attacks tell their progress to."""


def quiet(_: str) -> None:
    """Say nothing."""

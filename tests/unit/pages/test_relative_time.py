from datetime import UTC, datetime, timedelta

import pytest

from xerus.pages.relative_time import in_words

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "now"),
        (-4, "now"),
        (-30, "30 seconds ago"),
        (-60, "1 minute ago"),
        (55 * 60, "in 55 minutes"),
        (-3600, "1 hour ago"),
        (3 * 86400, "in 3 days"),
        (-59 * 86400, "59 days ago"),
        (-80 * 86400, "3 September 2026"),
    ],
)
def test_instants_read_as_people_say_them(seconds: int, words: str) -> None:
    assert in_words(NOW + timedelta(seconds=seconds), NOW) == words

import pytest

from xerus.errors import LimitReached
from xerus.limits.token_bucket import TokenBuckets


class Seconds:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def buckets(per_minute: int) -> tuple[TokenBuckets, Seconds]:
    seconds = Seconds()
    return TokenBuckets(per_minute=per_minute, whose="one person", seconds=seconds), seconds


def spend(bucket: TokenBuckets, key: str, times: int) -> int:
    for done in range(times):
        try:
            bucket.spend(key)
        except LimitReached:
            return done
    return times


def test_a_minutes_share_can_be_spent_at_once_and_not_more() -> None:
    bucket, _ = buckets(100)
    assert spend(bucket, "ada", 101) == 100
    assert spend(bucket, "grace", 101) == 100


def test_what_was_spent_comes_back_evenly_and_never_beyond_the_share() -> None:
    bucket, seconds = buckets(60)
    spend(bucket, "ada", 60)
    seconds.now += 10
    assert spend(bucket, "ada", 60) == 10
    seconds.now += 3_600
    assert spend(bucket, "ada", 100) == 60


def test_who_waits_as_long_as_told_is_served() -> None:
    bucket, seconds = buckets(2)
    spend(bucket, "ada", 2)
    with pytest.raises(LimitReached) as reached:
        bucket.spend("ada")
    assert reached.value.retry_after == 31
    seconds.now += reached.value.retry_after
    bucket.spend("ada")


def test_buckets_of_many_keys_are_forgotten_once_full_again_and_only_then() -> None:
    bucket, seconds = buckets(2)
    for number in range(10_000):
        bucket.spend(str(number))
    seconds.now += 61
    spend(bucket, "ada", 2)
    bucket.spend("grace")
    assert spend(bucket, "ada", 1) == 0
    assert len(bucket._buckets) < 10

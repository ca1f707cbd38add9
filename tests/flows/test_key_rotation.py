"""Keys are rotated beside a serving Xerus: the stage `row-20-rotation` of `make soak`, in short."""

from bench.soak import keys


async def test_a_rotation_that_is_killed_twice_under_load_is_finished_without_one_error() -> None:
    outcome = await keys.rotation(kills=2, strangers=60)

    assert "2 jobs killed half-way, 2 data keys" in outcome
    assert "0 on an old key" in outcome

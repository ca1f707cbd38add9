"""The gate before a token endpoint: eight at once, and one probe after a rest."""

import asyncio

import pytest

from xerus.connections.gate import MOST_AT_ONCE, OPERATOR_PAUSE_SECONDS, Gate
from xerus.connections.links import Link
from xerus.connections.provider import ClientRejected, GrantRefused
from xerus.errors import UpstreamError, UpstreamUnavailable

AWAY = UpstreamUnavailable("No answer.")


class Time:
    """The loop's time, moved by the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self._begun, self.ahead = loop.time(), 0.0
        monkeypatch.setattr(loop, "time", lambda: self._begun + self.ahead)


async def answered(gate: Gate, *answers: UpstreamError | None) -> None:
    for answer in answers:
        with await gate.turn() as turn:
            turn.note(answer)


async def test_ninth_waits_until_one_of_eight_is_back() -> None:
    gate = Gate(link=Link.CLOUD)
    turns = [await gate.turn() for _ in range(MOST_AT_ONCE)]
    ninth = asyncio.create_task(gate.turn())
    await asyncio.sleep(0)
    assert not ninth.done()
    assert await gate.turns_at_hand() == []

    gate.leave(turns.pop())

    await ninth


async def test_worker_gets_what_calls_left_over() -> None:
    gate = Gate(link=Link.CLOUD)
    for _ in range(3):
        await gate.turn()
    assert len(await gate.turns_at_hand()) == MOST_AT_ONCE - 3


async def test_five_failures_in_a_row_shut_it_and_a_success_between_does_not() -> None:
    gate = Gate(link=Link.CLOUD)
    await answered(gate, AWAY, AWAY, AWAY, AWAY, None, AWAY, AWAY, AWAY, AWAY)
    await answered(gate, GrantRefused("Dead."), AWAY, AWAY, AWAY, AWAY, AWAY)

    with pytest.raises(UpstreamUnavailable) as refused:
        await gate.turn()

    assert refused.value.retry_after
    assert "nothing is lost" in refused.value.hint
    assert await gate.turns_at_hand() == []


async def test_half_open_it_lets_one_through_and_a_success_opens_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    time, gate = Time(monkeypatch), Gate(link=Link.CLOUD)
    await answered(gate, *[AWAY] * 5)
    time.ahead = 31

    (probe,) = await gate.turns_at_hand()
    with pytest.raises(UpstreamUnavailable):
        await gate.turn()
    with probe:
        probe.note(None)

    assert len(await gate.turns_at_hand()) == MOST_AT_ONCE


async def test_probe_that_asked_nobody_leaves_room_for_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    time, gate = Time(monkeypatch), Gate(link=Link.CLOUD)
    await answered(gate, *[AWAY] * 5)
    time.ahead = 31
    (probe,) = await gate.turns_at_hand()

    gate.leave(probe)

    assert len(await gate.turns_at_hand()) == 1


async def test_probe_that_fails_shuts_it_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    time, gate = Time(monkeypatch), Gate(link=Link.CLOUD)
    await answered(gate, *[AWAY] * 5)
    for _ in range(6):
        time.ahead += 31
        await answered(gate, AWAY)
    time.ahead += 14

    with pytest.raises(UpstreamUnavailable):
        await gate.turn()


async def test_rejections_of_our_own_app_shut_it_for_a_moment_then_for_up_to_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    time, gate = Time(monkeypatch), Gate(link=Link.CLOUD)
    for seconds in (2.0, 4.0, 8.0, 16.0, 32.0, OPERATOR_PAUSE_SECONDS, OPERATOR_PAUSE_SECONDS):
        await answered(gate, ClientRejected("Wrong secret."))
        time.ahead += seconds - 0.5
        with pytest.raises(UpstreamUnavailable):
            await gate.turn()
        time.ahead += 0.5
    (probe,) = await gate.turns_at_hand()
    gate.leave(probe)


async def test_only_a_change_is_told_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[UpstreamError | None] = []
    time, gate = Time(monkeypatch), Gate(link=Link.CLOUD, changed=told.append)
    await answered(gate, None, *[AWAY] * 5)
    assert told == [AWAY]
    time.ahead = 31
    await answered(gate, AWAY)  # the probe
    assert told == [AWAY]
    time.ahead = 62

    await answered(gate, None, None)

    assert told == [AWAY, None]

"""The benchmark's own servers answer what it asks, with one request upstream each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.measure import ask, callers, started
from bench.questions import QUESTIONS
from bench.subjects.plain import Plain, Proxy
from bench.upstream.control import Upstream


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    fake = Upstream(tmp_path_factory.mktemp("upstream"), "http://127.0.0.1:9")
    yield fake
    fake.stop()


@pytest.mark.parametrize(
    ("kind", "module"),
    [(Proxy, "floor"), (Plain, "floor"), (Plain, "sdk_default"), (Plain, "sdk_low_level")],
)
async def test_a_server_to_compare_with_asks_upstream_once_for_each_call(
    kind: type[Plain], module: str, upstream: Upstream, tmp_path: Path
) -> None:
    subject = kind("it", "it", module=module, upstream=upstream.url, folder=tmp_path)
    try:
        await started(subject)
        async with callers(subject, 3) as clients:
            for question in QUESTIONS:
                measured = await ask(subject, clients, question, upstream=upstream, seconds=0.05)
                assert (measured.errors, measured.upstream_requests) == (0, 1)
                assert measured.answer_bytes > 3000
    finally:
        subject.stop()

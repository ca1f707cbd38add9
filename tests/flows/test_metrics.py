"""`/metrics` of a running Xerus and the list of metrics agree, in both directions."""

import re

import httpx2

from tests.stores.connecting import until
from tests.support.stack import Stack
from xerus.telemetry import metric_list


async def figures_are_read(http: httpx2.AsyncClient) -> bool:
    return "xerus_figures_timestamp_seconds" in (await http.get("/metrics")).text


async def test_what_is_told_is_listed_and_what_is_listed_is_told(stack: Stack) -> None:
    async with httpx2.AsyncClient(base_url=stack.url, trust_env=False) as http:
        await until(lambda: figures_are_read(http))
        text = (await http.get("/metrics")).text
    told = dict(re.findall(r"^# TYPE (xerus_\S+) (\S+)$", text, re.MULTILINE))
    listed = {one.name: one.kind.value for one in metric_list.ALL}
    assert told.items() <= listed.items()
    # Nobody has verified this log yet.
    assert {name for name in listed if "audit_verified" not in name} <= set(told)
    series = re.findall(r"^(xerus_\w+)(?:\{(.*)\})? ", text, re.MULTILINE)
    labels = {
        name: set(metric.labels) | ({"le"} if name.endswith("_bucket") else set())
        for metric in metric_list.ALL
        for name in metric.series
    }
    for name, told_of in series:
        assert set(re.findall(r'(\w+)="', told_of)) == labels[name]

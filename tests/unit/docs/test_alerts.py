"""The alarm rules use metrics, labels and values that there are, and say what to do."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from xerus.telemetry import metric_list
from xerus.telemetry.metric_list import Metric

_DOCS = Path(__file__).parents[3] / "docs"
_RULES = [
    rule
    for group in yaml.safe_load((_DOCS / "alerts" / "xerus.rules.yml").read_text())["groups"]
    for rule in group["rules"]
]
_SERIES = {name: metric for metric in metric_list.ALL for name in metric.series}
_SELECTOR = re.compile(r"\b(xerus_\w+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
_WORDS = re.compile(r"[A-Za-z_]\w*")
_KNOWN_WORDS = {
    *("absent", "and", "avg_over_time", "by", "histogram_quantile", "ignoring", "increase", "max"),
    *("min", "min_over_time", "or", "rate", "sum", "time"),
}
# Prometheus's own, and what a scrape adds.
_ADDED = {"le", "instance", "job"}


def labels_of(metric: Metric) -> set[str]:
    return {*metric.labels, *_ADDED}


def by_name(rule: dict[str, Any]) -> str:
    return str(rule["alert"])


@pytest.mark.parametrize("rule", _RULES, ids=by_name)
def test_an_expression_asks_for_what_is_told(rule: dict[str, Any]) -> None:
    selectors = _SELECTOR.findall(rule["expr"])
    assert selectors
    for name, matchers in selectors:
        metric = _SERIES[name]
        for label, _, value in _MATCHER.findall(matchers):
            assert label in metric.labels, f"{name} has no label {label}"
            for one in value.split("|"):
                assert one.removesuffix(".*") in metric.help, f"{label} of {name} is never {one}"
        assert not _MATCHER.sub("", matchers).strip(" ,")


@pytest.mark.parametrize("rule", _RULES, ids=by_name)
def test_an_expression_groups_by_labels_that_its_metrics_have(rule: dict[str, Any]) -> None:
    known = set.union(*(labels_of(_SERIES[name]) for name, _ in _SELECTOR.findall(rule["expr"])))
    for names in _GROUPING.findall(rule["expr"]):
        assert {name.strip() for name in names.split(",")} <= known
    rest = _SELECTOR.sub("", _GROUPING.sub("", rule["expr"]))
    rest = re.sub(r"\[\d+[smhd]\]", "", rest)
    assert set(_WORDS.findall(rest)) <= _KNOWN_WORDS


@pytest.mark.parametrize("rule", _RULES, ids=by_name)
def test_a_rule_says_what_happens_and_what_to_do(rule: dict[str, Any]) -> None:
    told = rule["annotations"]
    assert told["summary"]
    assert told["description"].endswith(".")
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert rule["for"]
    for label in re.findall(r"\$labels\.(\w+)", told["description"]):
        series = [_SERIES[name] for name, _ in _SELECTOR.findall(rule["expr"])]
        assert any(label in labels_of(metric) for metric in series)

    page, anchor = told["runbook"].split("#")
    assert page == "docs/operating.md"
    text = (_DOCS / "operating.md").read_text()
    headings = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    assert anchor in headings


def test_every_rule_has_a_name_of_its_own() -> None:
    assert len({by_name(rule) for rule in _RULES}) == len(_RULES)

"""The board, the alarms and the docs name what a scrape really has, and nothing else."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import yaml  # type: ignore[import-untyped]  # it comes with schemathesis

from ingress.commands import COMMANDS
from tests.conftest import Ingress
from tests.test_docs import OPERATING, rows

DOCS = OPERATING.parent
FOREIGN = {"up"}
"""Prometheus' own."""
MOST_RULES = 10
_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}
_NAME = re.compile(r"\b(?:(?:backroom|process)_[a-z0-9_]+|up)\b")


@pytest.fixture
async def exported(ingress: Ingress, headers: dict[str, str]) -> dict[str, str]:
    """Each family of a scrape and its type."""
    async with ingress.get("/metrics", headers=headers) as answer:
        return dict(re.findall(r"^# TYPE (\S+) (\S+)$", await answer.text(), re.MULTILINE))


def samples(exported: dict[str, str]) -> set[str]:
    return {f"{name}{end}" for name, kind in exported.items() for end in _SUFFIXES[kind]}


def board() -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode((DOCS / "grafana.json").read_bytes())
    return found


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((DOCS / "alerts.yml").read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def named(expression: str) -> set[str]:
    return set(_NAME.findall(re.sub(r'"[^"]*"', "", expression)))


def expressions() -> Iterator[str]:
    for panel in board()["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    yield from (rule["expr"] for rule in rules())


async def test_each_metric_of_the_board_and_of_the_alarms_is_exported(
    exported: dict[str, str],
) -> None:
    asked = set().union(*map(named, expressions()))
    assert asked <= samples(exported) | FOREIGN
    assert len(asked) > 20


async def test_each_metric_of_ours_is_on_the_board(exported: dict[str, str]) -> None:
    shown = set().union(*map(named, expressions()))
    ours = {name for name in exported if name.startswith("backroom_")} - {"backroom_build_info"}
    assert not [
        name for name in ours if not shown & {f"{name}{end}" for end in _SUFFIXES[exported[name]]}
    ]


async def test_each_metric_stands_in_the_docs_with_its_type_and_no_other(
    exported: dict[str, str],
) -> None:
    ours = {name: kind for name, kind in exported.items() if name.startswith("backroom_")}
    told = {name.strip("`").partition("{")[0]: kind for name, kind, _ in rows("metric", OPERATING)}
    assert told == ours


async def test_names_follow_the_rules_of_prometheus(exported: dict[str, str]) -> None:
    for name, kind in exported.items():
        assert name.endswith("_total") == (kind == "counter")
        assert not re.search(r"_(ms|minutes|hours|kb|mb|percent)\b", name)


async def test_each_help_text_is_a_sentence(ingress: Ingress, headers: dict[str, str]) -> None:
    async with ingress.get("/metrics", headers=headers) as answer:
        text = await answer.text()
    helped = re.findall(r"^# HELP backroom_\S+ (.*)$", text, re.MULTILINE)
    assert len(helped) > 20
    for said in helped:
        assert re.fullmatch(r"(\d|[A-Z]).+\.", said)


def test_the_board_lets_one_choose_its_data_source_and_has_a_row_for_each_part() -> None:
    (variable,) = board()["templating"]["list"]
    assert (variable["type"], variable["query"]) == ("datasource", "prometheus")
    parts = [one["title"] for one in board()["panels"] if one["type"] == "row"]
    assert parts == ["Ingress", "Events", "Jobs", "Budget", "Tokens", "Failures"]
    for panel in board()["panels"]:
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == f"${{{variable['name']}}}"


def test_no_two_panels_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in board()["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_each_alarm_says_what_is_wrong_and_what_to_do() -> None:
    assert 0 < len(rules()) <= MOST_RULES
    for rule in rules():
        said = rule["annotations"]
        assert said["summary"].endswith(".")
        assert said["runbook"].endswith(".")
        commands = set(re.findall(r"backroom ([a-z]+)", said["runbook"]))
        assert commands <= COMMANDS.keys()

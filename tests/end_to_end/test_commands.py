"""The command line: what it prints, in tables and JSON, and how it refuses."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ingress.commands import COMMANDS
from tests.end_to_end.conftest import Process, Run
from workers.events import WEBHOOK_TYPES

LISTINGS = ("retailers", "events", "failed", "plugins")
FAILING = """
from workers.events import SALE_UPDATE
from workers.plugins import GiveUp, Plugin

plugin = Plugin("ledger")

@plugin.on(SALE_UPDATE)
async def post(event, ctx):
    with open("calls", "a") as file:
        print(event.id, file=file)
    if not __import__("os").path.exists("mended"):
        raise GiveUp("no such account")
"""


def as_json(text: str) -> Any:
    return msgspec.json.decode(text)


def link(run: Run, *more: str) -> Any:
    return as_json(run("connect", "kowhai", "--personal-token", "t", "--json", *more).stdout)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(run: Run, name: str) -> None:
    assert "Usage: backroom" in run(name, "--help").stdout


def test_linking_prints_a_url_for_each_event_type_and_again_the_same(run: Run) -> None:
    linked = link(run)
    assert linked["retailer"] == "kowhai"
    assert list(linked["webhook_urls"]) == list(WEBHOOK_TYPES)
    for name, url in linked["webhook_urls"].items():
        assert url == f"http://127.0.0.1:0/webhooks/{linked['webhook_key']}/{name}"
    assert link(run, "--unsigned") == linked


def test_the_public_url_stands_in_the_webhook_urls(run: Run) -> None:
    words = ("connect", "kowhai", "--personal-token", "t", "--no-webhooks")
    out = run(*words, PUBLIC_URL="https://shop.test/hooks/")
    assert "https://shop.test/hooks/webhooks/" in out.stdout


def test_a_personal_token_can_come_from_the_environment_and_is_never_printed(run: Run) -> None:
    ended = run("connect", "kowhai", LIGHTSPEED_PERSONAL_TOKEN="lsxs_pt_canary")
    assert "canary" not in ended.stdout + ended.stderr + run("retailers", "--json").stdout


@pytest.mark.parametrize("name", LISTINGS)
def test_an_empty_listing_is_a_sentence_for_people_and_json_for_programs(
    run: Run, name: str
) -> None:
    assert run(name).stdout.strip()
    assert as_json(run(name, "--json").stdout) is not None


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["connect", "evil.example.com/x", "--personal-token", "t"], 2, "is no domain prefix"),
        (["connect", "kowhai"], 2, "--personal-token"),
        (["connect", "kowhai", "--personal-token", " "], 2, "token is empty"),
        (["trigger", "sale.update"], 1, "No retailer is linked"),
        (["trigger", "sale.gone"], 2, "sale.gone"),
        (["trigger", "sale.update", "--retailer", "totara"], 1, "totara is not linked"),
        (["events", "nope"], 1, "The inbox has no event 'nope'"),
        (["events", "--state", "lost"], 2, "lost"),
        (["replay"], 2, "Name events to replay, or give --failed"),
        (["replay", "nope"], 1, "The inbox has no event 'nope'"),
        (["worker", "--queue"], 2, "--queue"),
        (["fly"], 2, "fly"),
    ],
)
def test_a_wrong_call_gets_one_sentence_and_its_code(
    run: Run, words: list[str], code: int, said: str
) -> None:
    assert said in run(*words, code=code).stderr


@pytest.mark.parametrize("name", ["web", "worker", "events", "connect kowhai --personal-token t"])
def test_a_redis_that_is_not_there_is_one_sentence(run: Run, name: str) -> None:
    ended = run(*name.split(), code=1, REDIS_URL="redis://:hunter2@127.0.0.1:1/0")
    (sentence,) = ended.stderr.splitlines()
    assert sentence.startswith("backroom: No Redis answers at 127.0.0.1:1: start one there, or")


def test_an_ingress_that_is_not_there_is_one_sentence(run: Run) -> None:
    link(run)
    ended = run("trigger", "sale.update", "--url", "http://127.0.0.1:1", code=1)
    assert "No ingress answers at http://127.0.0.1:1" in ended.stderr


def test_an_event_can_be_triggered_seen_failed_mended_and_replayed(
    run: Run, start: Callable[..., Process], tmp_path: Path
) -> None:
    (tmp_path / "ledger.py").write_text(FAILING)
    link(run)
    url = start("web").line("web.ready")["url"]
    worker = start("worker", PLUGINS="ledger")
    answer = as_json(run("trigger", "sale.update", "--url", url, "--json").stdout)
    worker.line("subscriber.failed", event_id=answer["event_id"])
    (cause,) = as_json(run("failed", "--json").stdout)
    assert (cause["subscriber"], cause["events"]) == ("ledger.post", 1)
    assert cause["message"] == "no such account"
    assert re.search(
        r"1 +ledger.post +GiveUp at ledger.py:12 +no such account", run("failed").stdout
    )
    (tmp_path / "mended").touch()
    assert "Enqueued 1 runs of 1 events" in run("replay", "--failed").stdout
    worker.line("subscriber.succeeded", event_id=answer["event_id"])
    assert (tmp_path / "calls").read_text().split() == [answer["event_id"]] * 2
    shown = as_json(run("events", answer["event_id"], "--body", "--json").stdout)
    assert shown["state"] == "handled"
    assert shown["payload"]["id"]


def test_an_event_of_before_can_be_replayed_for_a_plugin_of_today(
    run: Run, start: Callable[..., Process], tmp_path: Path
) -> None:
    (tmp_path / "ledger.py").write_text(FAILING)
    (tmp_path / "mended").touch()
    link(run)
    url = start("web").line("web.ready")["url"]
    old = start("worker")
    answer = as_json(run("trigger", "sale.update", "--url", url, "--json").stdout)
    old.line("event.dispatched", event_id=answer["event_id"], state="handled")
    old.stop()
    worker = start("worker", PLUGINS="ledger")
    words = ("replay", answer["event_id"], "--subscriber")
    assert "No subscriber ledger.post wants" in run(*words, "ledger.post", code=1).stderr
    run(*words, "ledger.post", PLUGINS="ledger")
    worker.line("subscriber.succeeded", event_id=answer["event_id"])

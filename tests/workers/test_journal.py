from pathlib import Path

import msgspec

from actions.connections import Connection
from tests.conftest import Ingress, Work, signed
from tests.conftest import path as path_of
from workers import journal
from workers.discovery import discover
from workers.events import WEBHOOK_TYPES
from workers.samples import form, sample


async def test_the_journal_has_one_line_for_each_event_and_no_names(
    ingress: Ingress, kowhai: Connection, work: Work, tmp_path: Path
) -> None:
    for name in WEBHOOK_TYPES:
        body = form(name, sample(name), "kowhai", "r1")
        response = await ingress.post(path_of(kowhai, name), data=body, headers=signed(body))
        assert response.status == 200
    path = tmp_path / "journal.jsonl"
    await work(journal.plugin, journal=journal.Settings(str(path)))
    lines = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    assert sorted(line["type"] for line in lines) == sorted(WEBHOOK_TYPES)
    assert sample("customer.update")["email"] not in path.read_text()


def test_the_journal_is_found_by_its_module_name(tmp_path: Path) -> None:
    found = discover(["workers.journal"], ["*"], {"JOURNAL_PATH": str(tmp_path / "j")})
    assert list(found.loaded) == ["journal"]
    assert len(found.subscribers) == 8

"""A plugin in a file outside the repository, loaded by PLUGINS, gets each of the eight events."""

from collections.abc import Callable
from pathlib import Path

import aiohttp
import msgspec

from actions.connections import Connection
from tests.conftest import path, signed
from tests.end_to_end.conftest import Process
from workers.events import EVENT_TYPES, PING, WEBHOOK_TYPES
from workers.samples import form, sample

PLUGIN = """
from msgspec import Struct
from workers.events import *
from workers.plugins import Context, Plugin

class Settings(Struct):
    note: str

plugin = Plugin("outside", Settings)

def subscriber(kind):
    async def note(event: Event, ctx: Context) -> None:
        with open(ctx.settings.note, "a") as file:
            print(event.type.name, event.retailer, type(event.payload).__name__, file=file)
    note.__name__ = "note_" + kind.name.replace(".", "_")
    plugin.on(kind)(note)

for kind in EVENT_TYPES.values():
    subscriber(kind)
"""


async def test_a_plugin_outside_the_repository_receives_each_of_the_eight_events(
    start: Callable[..., Process], kowhai: Connection, tmp_path: Path
) -> None:
    (tmp_path / "outside.py").write_text(PLUGIN)
    note = tmp_path / "note"
    web = start("web")
    worker = start("worker", PLUGINS="outside", OUTSIDE_NOTE=str(note))
    bodies = {name: form(name, sample(name), "kowhai", "r1") for name in WEBHOOK_TYPES}
    bodies["stock.counted"] = b"payload=%7B%22id%22%3A1%7D&type=stock.counted"
    url = web.line("web.ready")["url"]
    async with aiohttp.ClientSession() as session:
        for name, body in bodies.items():
            target = url + path(kowhai, name)
            async with session.post(target, data=body, headers=signed(body)) as response:
                answer = msgspec.json.decode(await response.read())
            worker.line("subscriber.succeeded", event_id=answer["event_id"])
    expected = {f"{kind.name} kowhai {kind.payload.__name__}" for kind in EVENT_TYPES.values()}
    assert set(note.read_text().splitlines()) == expected
    assert PING.name in EVENT_TYPES

"""`backroom doctor` as a whole: how it says what it found, and that no check stops another."""

import asyncio
from collections.abc import Callable

import msgspec

from actions.connections import Connections
from ingress.commands.doctor import CHECKS
from tests.end_to_end.conftest import PATIENCE, Process, Run
from tests.end_to_end.doctor.conftest import Patient, examined


async def test_where_all_is_well_every_check_says_so(patient: Patient) -> None:
    lines = await examined(patient, 0)
    assert [line.split()[:2] for line in lines] == [["ok", name] for name in CHECKS]


async def test_findings_can_be_had_as_json_whatever_a_plugin_prints(
    run: Run, patient: Patient
) -> None:
    environ = patient.environ | {"PORT": "high"}
    ended = await asyncio.to_thread(run, "doctor", "--json", code=1, **environ)
    first, *rest = msgspec.json.decode(ended.stdout)
    assert first == {
        "level": "wrong",
        "check": "settings",
        "what": "PORT is wrong: expected `int`, got `str`.",
        "mend": "Set it right, or remove it: its default is 8000.",
    }
    assert {one["level"] for one in rest} == {"ok"}


async def test_several_faults_are_all_named_at_once(patient: Patient) -> None:
    await patient.config("appendonly", "no")
    more = {"PORT": "high", "PLUGINS": "not_there,till", "TILL_ACCOUNT": "", "BACKROOM_KEYS": ""}
    lines = await examined(patient, 1, **more)
    assert [line.split()[:2] for line in lines if not line.startswith("ok")] == [
        ["wrong", "settings"],
        ["wrong", "settings"],
        ["wrong", "plugins"],
        ["wrong", "plugins"],
        ["warn", "redis"],
    ]


async def test_what_needs_no_redis_is_looked_at_without_one(patient: Patient) -> None:
    patient.redis.stop()
    lines = await examined(patient, 1)
    assert [line.split()[:2] for line in lines[:-1]] == [
        ["ok", "settings"],
        ["ok", "plugins"],
        ["wrong", "redis"],
    ]
    assert lines[-1] == (
        "skipped the rest Not looked at until Redis answers: "
        f"{', '.join(name for name in CHECKS[2:] if name != 'redis')}."
    )


async def test_what_is_kept_in_a_wrong_form_stops_no_other_check(patient: Patient) -> None:
    await patient.database.do("HSET", "backroom:connections", "torea", "no record")
    await patient.database.do("SET", "backroom:counts", "no hash")
    lines = await examined(patient, 1)
    assert [line.split()[1] for line in lines] == list(CHECKS)
    wrong = [line for line in lines if line.startswith("wrong")]
    assert wrong[0].startswith("wrong keys It broke: ")
    assert "WRONGTYPE" in wrong[-1]


async def test_of_many_retailers_five_are_named(patient: Patient) -> None:
    for number in range(7):
        await Connections(patient.database, patient.vault).link(f"store-{number}", unsigned=False)
    lines = await examined(patient, 1)
    assert sum("must be linked again (no tokens are kept)" in line for line in lines) == 5
    said = "wrong retailers 2 more retailers must be linked again. See `backroom retailers`."
    assert said in lines


async def test_a_simulator_needs_no_public_url(patient: Patient) -> None:
    origin = "http://localhost:8089/{domain_prefix}"
    lines = await examined(patient, 0, LIGHTSPEED_ORIGIN=origin, PUBLIC_URL="", PORT="8000")
    assert "ok address Webhook URLs begin with http://127.0.0.1:8000." in lines


async def test_where_no_delivery_is_signed_no_secret_is_needed(patient: Patient) -> None:
    await patient.link("kowhai", unsigned=True)
    await patient.register("kowhai")
    lines = await examined(patient, 0, LIGHTSPEED_CLIENT_SECRET="")
    assert "ok secret None is needed: no delivery is to be signed." in lines


async def test_a_worker_that_runs_is_seen_and_one_that_left_is_missed(
    run: Run, start: Callable[..., Process]
) -> None:
    worker = await asyncio.to_thread(start, "worker")
    async with asyncio.timeout(PATIENCE):
        while "1 worker." not in (await asyncio.to_thread(run, "doctor", code=0)).stdout:
            pass
    await asyncio.to_thread(worker.stop)
    ended = await asyncio.to_thread(run, "doctor")
    assert "No worker listens to the events and the actions queue." in ended.stdout

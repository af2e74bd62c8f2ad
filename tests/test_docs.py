"""The README's tables say what the code says: nothing more, nothing less, nothing else."""

import re
from pathlib import Path

import aiohttp
import msgspec
import pytest
from msgspec.structs import fields

import actions.errors
from actions.catalog import CATALOG
from actions.simulator.faults import NAMES
from actions.simulator.simulator import Options, Simulator
from ingress.api.contract import Contract
from ingress.app import DECLARED
from ingress.commands import COMMANDS
from ingress.commands.doctor import CHECKS
from workers import events
from workers.settings import Settings

README = Path(__file__).parents[1] / "README.md"
OPERATING = README.parent / "docs" / "operating.md"
SIMULATOR = README.parent / "docs" / "simulator.md"
BUDGET = README.parent / "docs" / "budget.md"


def rows(first_heading: str, page: Path = README) -> list[tuple[str, ...]]:
    """Return the rows of the table whose first column has that heading."""
    text = page.read_text()
    table = re.search(rf"^\| {re.escape(first_heading)} \|.*?\n\n", text, re.DOTALL | re.MULTILINE)
    assert table, first_heading
    lines = table[0].strip().splitlines()[2:]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines]


def test_every_command_stands_in_the_readme_with_what_it_does() -> None:
    expected = [(f"`backroom {name}`", does) for name, does in COMMANDS.items()]
    assert rows("command") == expected


def test_every_event_type_stands_in_the_readme_with_its_payload() -> None:
    constants = {
        id(value): name
        for name, value in vars(events).items()
        if isinstance(value, events.EventType)
    }
    expected = [
        (f"`{constants[id(kind)]}`", f"`{kind.name}`", f"`{kind.payload.__name__}`", kind.fires)
        for kind in events.EVENT_TYPES.values()
    ]
    assert rows("in code") == expected


def test_every_setting_stands_in_the_readme_with_its_default() -> None:
    expected = []
    for field in fields(Settings):
        info = msgspec.inspect.type_info(field.type)
        assert isinstance(info, msgspec.inspect.Metadata)
        described = (info.extra_json_schema or {})["description"]
        default = f"`{field.default}`" if field.default not in ("", ()) else "none"
        expected.append((f"`{field.name.upper()}`", default, described))
    assert rows("variable") == expected


def test_every_action_stands_in_the_readme_with_its_request_and_scopes() -> None:
    expected = []
    for operation in (action.operation for action in CATALOG.values()):
        title = operation.title + (" (deprecated)" if operation.deprecated else "")
        scopes = " ".join(f"`{scope}`" for scope in operation.scopes)
        request = f"`{operation.verb} {operation.path}`"
        expected.append((f"`{operation.name}`", title, request, scopes))
    assert rows("action") == expected


def test_every_exit_code_of_an_error_is_explained() -> None:
    kinds = [one for one in vars(actions.errors).values() if isinstance(one, type)]
    codes = {str(one.exit_code) for one in kinds if issubclass(one, actions.errors.BackroomError)}
    assert codes <= {code for code, _ in rows("exit code")}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_a_summary_of_its_own_and_no_other_lists_it(name: str) -> None:
    text = README.read_text()
    assert text.count(f"| `backroom {name}` |") == 1


def test_each_log_line_that_the_code_writes_is_explained() -> None:
    root = README.parent
    written = set()
    for folder in ("ingress", "workers", "actions"):
        for file in (root / folder).rglob("*.py"):
            if "simulator" in file.parts:
                continue
            written |= set(re.findall(r'"([a-z]+\.[a-z_]+)",?\s', file.read_text()))
    lines = {
        name
        for name in written
        if name.split(".")[0]
        in {
            "action",
            "delivery",
            "event",
            "grant",
            "job",
            "retailer",
            "subscriber",
            "web",
            "worker",
        }
    }
    explained = set(re.findall(r"`([a-z]+\.[a-z_]+)`", OPERATING.read_text()))
    assert lines <= explained | {"worker.not_closed"}


def test_every_check_of_the_doctor_is_explained() -> None:
    assert [name.strip("`") for name, _ in rows("check", OPERATING)] == list(CHECKS)


def test_every_status_of_the_api_is_explained() -> None:
    told = {
        status
        for routes in Contract("", DECLARED).document["paths"].values()
        for route in routes.values()
        for status in route["responses"]
        if status >= "400"
    }
    assert told == {status for status, _, _ in rows("the API answers", OPERATING)}


def test_every_fault_is_explained() -> None:
    assert {name.strip("`") for name, _ in rows("name", SIMULATOR)} == NAMES


async def test_every_route_of_the_control_door_stands_in_its_table() -> None:
    async with (
        Simulator(Options(products=0)) as simulator,
        aiohttp.request("GET", simulator.control_url) as answer,
    ):
        told = [tuple(line.split(": ", 1)) for line in await answer.json()]
    assert rows("route", SIMULATOR) == [(f"`{route}`", does) for route, does in told]


def test_every_link_in_the_docs_leads_somewhere() -> None:
    for page in (README, OPERATING, SIMULATOR, BUDGET):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} → {target}"

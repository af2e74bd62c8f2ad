import json
import signal
import socket
import subprocess
import sys

import aiohttp
import pytest
from click.testing import CliRunner

from actions.simulator.switches import described
from ingress.commands.simulator import command

RUN = "from ingress.commands.simulator import command; command()"


async def test_it_serves_until_sigterm_and_says_where() -> None:
    line = [sys.executable, "-c", RUN, "--port=0", "--control-port=0", "--json", "--products=5"]
    line += ["--retailer=rimu", "--retailer=kowhai", "--fault=slow:0", "--switch=window=sliding"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:  # noqa: ASYNC220, S603
        assert process.stdout
        facts = json.loads(process.stdout.readline())
        store = facts["stores"][1]
        headers = {"Authorization": f"Bearer {store['personal_token']}"}
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{store['url']}/api/2026-07/brands", headers=headers) as got:
                assert got.status == 200
            async with session.get(f"{facts['control_url']}/switches") as got:
                assert (await got.json())["window"] == "sliding"
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0


WRONG = [
    ("--retailer=a.b", "cannot be the name of a store"),
    ("--retailer=a --retailer=a", "Two stores cannot have one name"),
    ("--registers=0", "registers"),
    ("--time-scale=0", "time_scale"),
    ("--speed=-1", "speed"),
    ("--port=70000", "port"),
    ("--fault=gremlins", "no fault named gremlins"),
    ("--fault=5xx:much", "share"),
    ("--webhook=sale.update", "write TYPE=URL"),
    ("--webhook=sale.gone=http://localhost", "types are"),
    ("--switch=window", "NAME=VALUE"),
    ("--switch=window=round", "window"),
    ("--switch=colour=red", "colour"),
]


@pytest.mark.parametrize(("line", "said"), WRONG)
def test_a_wrong_option_is_one_sentence_and_exit_2(line: str, said: str) -> None:
    result = CliRunner().invoke(command, line.split())
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.startswith("backroom: ")
    assert result.stderr.count("\n") == 1


def test_a_port_that_is_taken_is_one_sentence_and_exit_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(command, [f"--port={port}", "--control-port=0"])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_the_switches_are_described() -> None:
    text = CliRunner().invoke(command, ["--describe"]).stdout
    rows = json.loads(CliRunner().invoke(command, ["--describe", "--json"]).stdout)
    assert len(rows) == len(described())
    assert all(f"{row['name']}=" in text and row["question"] in text for row in rows)

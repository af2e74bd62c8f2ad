"""The gate: a key or nothing, and every error in words."""

import asyncio
import base64
from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request
from structlog.testing import capture_logs

from ingress.api.gate import body_of
from ingress.api.keys import ApiKeys
from ingress.api.problems import TYPE, Problem
from tests.conftest import Ingress
from tests.ingress.api.conftest import Make, api_key, basic

KOWHAI = {"x-account-id": "kowhai"}


async def refused(client: Ingress, status: int, headers: dict[str, str]) -> dict[str, Any]:
    async with client.get("/", headers=headers) as answer:
        problem: dict[str, Any] = await answer.json(content_type=TYPE)
        assert (answer.status, problem["status"]) == (status, status)
        assert {"type", "title", "detail"} <= problem.keys()
        return problem | {"headers": answer.headers}


@pytest.mark.parametrize(
    "given",
    [
        "",
        "Bearer",
        "Bearer bk_nobody",
        "Basic !",
        "Basic " + base64.b64encode(b"\xff\xfe:").decode(),
        "Digest username=x",
    ],
)
async def test_without_a_key_nothing_answers(guarded: Ingress, make: Make, given: str) -> None:
    await make()
    problem = await refused(guarded, 401, {"Authorization": given} if given else {})
    assert problem["headers"]["WWW-Authenticate"].startswith("Basic")


async def test_a_key_comes_as_bearer_or_as_the_user_of_basic(
    guarded: Ingress, keys: ApiKeys, make: Make
) -> None:
    text = (await keys.create(api_key("bi"))).reveal()
    for headers in (await make(), basic(text)):
        async with guarded.get("/", headers=headers | KOWHAI) as answer:
            assert (answer.status, (await answer.json())["retailer"]) == (200, "kowhai")


async def test_a_retailer_that_is_not_ones_own_looks_like_one_that_is_absent(
    guarded: Ingress, make: Make
) -> None:
    key = await make(retailers=("kowhai",))
    found = [
        await refused(guarded, 404, key | {"x-account-id": name})
        for name in ("torea", "no-such", "evil.example/x")
    ]
    said = {
        one["detail"].replace(name, "it")
        for one, name in zip(found, ("torea", "no-such", "evil.example/x"), strict=True)
    }
    assert len(said) == 1


async def test_a_key_of_one_retailer_needs_not_name_it(guarded: Ingress, make: Make) -> None:
    async with guarded.get("/", headers=await make(retailers=("kowhai",))) as answer:
        assert (await answer.json())["retailer"] == "kowhai"
    problem = await refused(guarded, 400, await make("bi"))
    assert "x-account-id" in problem["detail"]


async def test_who_calls_too_often_is_told_when_to_come_back(guarded: Ingress, make: Make) -> None:
    key = await make(a_minute=1) | KOWHAI
    async with guarded.get("/", headers=key) as answer:
        assert answer.status == 200
    problem = await refused(guarded, 429, key)
    assert 1 <= int(problem["headers"]["Retry-After"]) <= 60
    assert 0 < problem["retry_after"] <= 60


async def test_a_mistake_of_ours_tells_a_caller_nothing(guarded: Ingress, make: Make) -> None:
    key = await make() | KOWHAI
    with capture_logs() as lines:
        async with guarded.get("/?mistake=1", headers=key) as answer:
            assert answer.status == 500
            assert "shopper" not in await answer.text()
    assert [one["event"] for one in lines] == ["api.failed"]


async def test_a_client_that_leaves_before_its_body_is_here_is_no_mistake_of_ours() -> None:
    payload = StreamReader(Mock(_reading_paused=False), 2**16, loop=asyncio.get_running_loop())
    payload.set_exception(ConnectionResetError())
    with pytest.raises(Problem, match="did not arrive whole"):
        await body_of(make_mocked_request("POST", "/", payload=payload), 100)

"""Faults of what is outside: one line says the cause and its mend."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from actions.connections import retailers
from ingress.health import Health
from tests.end_to_end.doctor.conftest import Patient, examined, names
from workers.doctor import outside

Answer = Callable[[web.Request], web.Response]


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[str]:
    """Somebody who answers everything in one way."""

    async def answered(request: web.Request) -> web.Response:
        return answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answered)
    async with TestServer(app) as running:
        yield str(running.make_url("")).rstrip("/")


def parked(_: web.Request) -> web.Response:
    return web.Response(text="This domain is for sale.")


def moved(_: web.Request) -> web.Response:
    return web.Response(status=301, headers={"Location": "https://www.example.nz/"})


@pytest.mark.parametrize(("answer", "status"), [(parked, 200), (moved, 301)])
async def test_a_public_url_where_somebody_else_answers(
    patient: Patient, answer: Answer, status: int
) -> None:
    async with server(answer) as url:
        cause = f"address PUBLIC_URL leads elsewhere: {url}/health answers {status}, and not as"
        mend = "Point it, or what stands before it, to `web`."
        await names(patient, "wrong", cause, mend, ("hooks",), PUBLIC_URL=url)


async def test_a_public_url_where_another_installation_answers(patient: Patient) -> None:
    app = web.Application()
    app.router.add_get("/health", Health("another").health)
    async with TestServer(app) as running:
        url = str(running.make_url("")).rstrip("/")
        cause = f"address PUBLIC_URL leads to another Backroom: what answers at {url} uses another"
        mend = "Set both alike; if this Redis was emptied, start `web` anew."
        await names(patient, "wrong", cause, mend, ("hooks",), PUBLIC_URL=url)


async def test_a_public_url_where_nobody_answers(patient: Patient) -> None:
    async with server(parked) as url:
        pass
    why = f"{url} gives no answer (Connection refused)"
    cause = f"address PUBLIC_URL cannot be reached from here: {why}"
    mend = "See that `web` runs and its name leads to it; some networks hide it from inside."
    await names(patient, "warn", cause, mend, ("hooks",), PUBLIC_URL=url)


async def test_a_public_url_that_takes_too_long(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "_SECONDS", 0.0001)
    lines = await examined(patient, 0)
    assert [line for line in lines if "gives no answer (within 0.0001 s)" in line]


async def test_our_own_public_url_is_known_as_ours(patient: Patient) -> None:
    url = patient.environ["PUBLIC_URL"]
    assert f"ok address Webhook URLs begin with {url}, where `web` answers." in await examined(
        patient, 0
    )


@pytest.mark.parametrize(("minutes", "how"), [(5, "behind"), (-5, "ahead of")])
async def test_another_time_at_lightspeed(patient: Patient, minutes: int, how: str) -> None:
    def late(_: web.Request) -> web.Response:
        there = datetime.now(UTC) + timedelta(minutes=minutes)
        return web.Response(headers={"Date": format_datetime(there, usegmt=True)})

    async with server(late) as url:
        cause = "lightspeed This machine's clock is "
        mend = f" s {how} Lightspeed's. Let NTP set it: tokens are refreshed by it."
        origin = f"{url}/{{domain_prefix}}"
        await names(patient, "warn", cause, mend, ("hooks",), LIGHTSPEED_ORIGIN=origin)


async def test_a_store_that_cannot_be_reached(patient: Patient) -> None:
    async with server(parked) as url:
        origin = f"{url}/{{domain_prefix}}"
    cause = f"lightspeed {url}/kowhai cannot be reached from here (Connection refused)"
    mend = "See LIGHTSPEED_ORIGIN, and this machine's network and DNS."
    await names(patient, "warn", cause, mend, ("hooks",), LIGHTSPEED_ORIGIN=origin)


async def test_a_date_that_is_none_is_no_finding(patient: Patient) -> None:
    def odd(_: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Date": "soon"})

    async with server(odd) as url:
        lines = await examined(patient, 0, LIGHTSPEED_ORIGIN=f"{url}/{{domain_prefix}}")
    assert f"ok lightspeed {url}/kowhai answers, and agrees on the time." in lines


async def test_asking_a_store_for_the_time_costs_no_call(patient: Patient) -> None:
    await examined(patient, 0)
    assert await retailers(patient.database) == ["kowhai"]
    assert [route for route, _ in patient.store.seen if "{" in route or "api" in route] == []

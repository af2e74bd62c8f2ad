from datetime import UTC
from email.utils import parsedate_to_datetime

from tests.actions.simulator.conftest import Browser, Got, Start

TWO_REGISTERS = 650


async def spend(kowhai: Browser, count: int, token: str = "") -> list[Got]:
    return [await kowhai.call("GET", "/retailer", token=token) for _ in range(count)]


def allowed(got: list[Got]) -> int:
    return sum(one.status == 200 for one in got)


async def test_registers_make_the_limit_and_remaining_counts_down(start: Start) -> None:
    kowhai = await start(registers=1)
    got = await spend(kowhai, 352)
    assert {one.headers["X-RateLimit-Limit"] for one in got} == {"350"}
    remaining = [int(one.headers["X-RateLimit-Remaining"]) for one in got]
    assert remaining == [*range(349, -1, -1), 0, 0]
    assert [one.status for one in got] == [200] * 350 + [429] * 2


async def test_a_429_is_as_documented_and_its_date_is_late_enough(kowhai: Browser) -> None:
    await kowhai.control("POST", "/limits", {"limit": 1})
    got = (await spend(kowhai, 2))[1]
    assert got.json == {"error": "Too Many Requests", "message": "Rate limiting enforced"}
    until = parsedate_to_datetime(got.headers["Retry-After"])
    now = parsedate_to_datetime(got.headers["Date"])
    assert until.tzinfo is UTC
    wait = (until - now).total_seconds()
    assert 298 <= wait <= 302
    await kowhai.control("POST", "/clock", {"advance": wait - 2})
    assert (await spend(kowhai, 1))[0].status == 429
    await kowhai.control("POST", "/clock", {"advance": 2})
    assert (await spend(kowhai, 1))[0].status == 200


async def test_refused_calls_cost_nothing_and_neither_do_wrong_tokens(kowhai: Browser) -> None:
    await kowhai.control("POST", "/limits", {"limit": 5})
    await spend(kowhai, 20, token="wrong")
    assert allowed(await spend(kowhai, 20)) == 5
    (window,) = (await kowhai.control("GET", "/ledger"))["limits"]
    assert (window["used"], window["refused"]) == (5, 15)


async def test_applications_and_users_have_windows_of_their_own(start: Start) -> None:
    kowhai = await start(retailers=("kowhai", "rimu"))
    await kowhai.control("POST", "/limits", {"limit": 3})
    pair = await kowhai.granted("retailer:read payment_types:read")
    rimu = Browser(kowhai.session, kowhai.simulator, "rimu")
    assert allowed(await spend(kowhai, 5)) == 3
    assert allowed(await spend(kowhai, 5, token=pair["access_token"])) == 3
    assert allowed(await spend(rimu, 5)) == 3
    refused = (await kowhai.control("GET", "/ledger"))["refused"]
    assert refused == {"kowhai": 4, "rimu": 2}


async def test_all_together_can_have_a_limit_too(kowhai: Browser) -> None:
    await kowhai.control("POST", "/limits", {"limit": 3, "total": 4})
    pair = await kowhai.granted("retailer:read payment_types:read")
    assert allowed(await spend(kowhai, 5)) == 3
    assert allowed(await spend(kowhai, 5, token=pair["access_token"])) == 1


async def test_a_fixed_window_is_empty_again_when_it_ends(kowhai: Browser) -> None:
    await kowhai.control("POST", "/limits", {"limit": 4})
    await spend(kowhai, 2)
    await kowhai.control("POST", "/clock", {"advance": 200})
    assert allowed(await spend(kowhai, 4)) == 2
    await kowhai.control("POST", "/clock", {"advance": 101})
    assert allowed(await spend(kowhai, 6)) == 4
    (ended,) = (await kowhai.control("GET", "/ledger"))["ended_windows"]
    assert (ended["used"], ended["refused"], ended["limit"]) == (4, 2, 4)


async def test_a_sliding_window_gives_back_what_is_old(start: Start) -> None:
    kowhai = await start(switches={"window": "sliding"})
    await kowhai.control("POST", "/limits", {"limit": 4})
    await spend(kowhai, 2)
    await kowhai.control("POST", "/clock", {"advance": 200})
    assert allowed(await spend(kowhai, 4)) == 2
    await kowhai.control("POST", "/clock", {"advance": 101})
    assert allowed(await spend(kowhai, 4)) == 2


async def test_windows_can_begin_at_a_phase(kowhai: Browser) -> None:
    now = kowhai.simulator.stage.clock.now()
    plan = {"limit": 1, "phase": (now + 50) % 300}
    await kowhai.control("POST", "/limits", plan)
    assert allowed(await spend(kowhai, 2)) == 1
    await kowhai.control("POST", "/clock", {"advance": 51})
    assert allowed(await spend(kowhai, 2)) == 1


async def test_the_limit_can_change_while_running(kowhai: Browser) -> None:
    assert (await spend(kowhai, 1))[0].headers["X-RateLimit-Limit"] == str(TWO_REGISTERS)
    await kowhai.control("POST", "/limits", {"retailer": "kowhai", "registers": 10})
    (got,) = await spend(kowhai, 1)
    assert got.headers["X-RateLimit-Limit"] == "3050"
    assert got.headers["X-RateLimit-Remaining"] == "3048"
    await kowhai.control("POST", "/limits", {"limit": 1})
    assert (await spend(kowhai, 1))[0].status == 429


async def test_a_hidden_program_takes_its_share_evenly(kowhai: Browser) -> None:
    await kowhai.control("POST", "/limits", {"limit": 100, "neighbour": 0.4})
    await spend(kowhai, 1)
    await kowhai.control("POST", "/clock", {"advance": 150})
    (got,) = await spend(kowhai, 1)
    assert 77 <= int(got.headers["X-RateLimit-Remaining"]) <= 78
    (window,) = (await kowhai.control("GET", "/ledger"))["limits"]
    assert (window["used"], window["neighbour"]) in {(2, 20), (2, 21)}


async def test_a_hidden_program_keeps_the_windows_going(kowhai: Browser) -> None:
    await kowhai.control("POST", "/limits", {"limit": 100, "neighbour": 1})
    await spend(kowhai, 1)
    await kowhai.control("POST", "/clock", {"advance": 100})
    await spend(kowhai, 1)
    await kowhai.control("POST", "/clock", {"advance": 350})
    (got,) = await spend(kowhai, 1)
    assert 48 <= int(got.headers["X-RateLimit-Remaining"]) <= 49


async def test_a_hidden_program_goes_on_after_our_last_call_of_a_window(kowhai: Browser) -> None:
    await kowhai.control("POST", "/limits", {"limit": 100, "neighbour": 0.4})
    await spend(kowhai, 1)
    await kowhai.control("POST", "/clock", {"advance": 310})
    await spend(kowhai, 1)
    (ended,) = (await kowhai.control("GET", "/ledger"))["ended_windows"]
    assert (ended["used"], ended["neighbour"]) in {(1, 39), (1, 40)}


async def test_the_hidden_program_never_takes_more_than_there_is(start: Start) -> None:
    for window in ("fixed", "sliding"):
        kowhai = await start(switches={"window": window})
        await kowhai.control("POST", "/limits", {"limit": 10, "neighbour": 1})
        await spend(kowhai, 5)
        await kowhai.control("POST", "/clock", {"advance": 290})
        assert allowed(await spend(kowhai, 5)) == 0
        (used,) = (await kowhai.control("GET", "/ledger"))["limits"]
        assert used["used"] + used["neighbour"] == 10

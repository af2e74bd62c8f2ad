import asyncio
import time
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from actions.database import Database
from actions.errors import DatabaseAway, NotConnected
from actions.grants import Grant, Grants, Mine, Pair
from actions.oauth import ApplicationRefused, TokensLater, TokensRefused, TokensUnanswered
from actions.secret import Secret
from actions.tokens import EARLY_SECONDS, NeedsRelink, Tokens
from actions.vault import Vault

KEY = "backroom:grant:kowhai"
DAY = 86_400.0
MINUTE = 60.0
OUTAGE = TokensUnanswered("Lightspeed's token endpoint answered 503.", sent=True)


class Endpoint:
    """Refreshes as the token endpoint does: when it is let, and refusing as told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.troubles: list[Exception] = []
        self.rotates = True
        self.open = asyncio.Event()
        self.open.set()
        self.met = asyncio.Event()

    async def refresh(self, retailer: str, refresh_token: Secret) -> Pair:
        assert retailer == "kowhai"
        self.asked.append(refresh_token.reveal())
        self.met.set()
        await self.open.wait()
        if self.troubles:
            raise self.troubles.pop(0)
        new = pair(len(self.asked) + 1, DAY)
        return new if self.rotates else Pair(access=new.access, expires_at=new.expires_at)


def pair(number: int, left: float, lasts: float = 0) -> Pair:
    return Pair(
        access=Secret(f"access-{number}"),
        refresh=Secret(f"refresh-{number}"),
        expires_at=time.time() + left,
        lasts=lasts,
        scopes=frozenset({"products:read"}),
    )


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


@pytest.fixture
def grants(database: Database, vault: Vault) -> Grants:
    return Grants(database, vault)


@pytest.fixture
def process(grants: Grants, endpoint: Endpoint) -> Callable[[], Tokens]:
    """Another process, with a memory of its own."""
    return lambda: Tokens(grants, endpoint)


@pytest.fixture
def tokens(process: Callable[[], Tokens]) -> Tokens:
    return process()


async def access(tokens: Tokens) -> str:
    return (await tokens.get("kowhai")).pair.access.reveal()


@pytest.mark.parametrize(("early", "asked"), [(5, 0), (-5, 1)])
async def test_a_token_is_refreshed_ten_minutes_before_it_expires_and_not_sooner(
    tokens: Tokens, grants: Grants, endpoint: Endpoint, early: float, asked: int
) -> None:
    assert EARLY_SECONDS == 10 * MINUTE
    await grants.keep("kowhai", pair(1, EARLY_SECONDS + early))
    assert await access(tokens) == f"access-{asked + 1}"
    assert endpoint.asked == ["refresh-1"] * asked


@pytest.mark.parametrize(("early", "asked"), [(5, 0), (-5, 1)])
async def test_a_token_of_a_short_life_is_refreshed_when_half_of_it_is_over(
    tokens: Tokens, grants: Grants, endpoint: Endpoint, early: float, asked: int
) -> None:
    await grants.keep("kowhai", pair(1, MINUTE + early, lasts=2 * MINUTE))
    assert await access(tokens) == f"access-{asked + 1}"
    assert endpoint.asked == ["refresh-1"] * asked


async def test_a_retailer_that_another_process_forgets_is_forgotten_here_before_long(
    grants: Grants, endpoint: Endpoint
) -> None:
    tokens = Tokens(grants, endpoint, age=0)
    await grants.keep("kowhai", pair(1, DAY))
    assert await access(tokens) == "access-1"
    await grants.keep("kowhai", pair(2, DAY))
    assert await access(tokens) == "access-2"
    await grants.forget("kowhai")
    for _ in range(2):
        with pytest.raises(NotConnected):
            await access(tokens)


async def test_a_good_token_is_used_while_redis_is_away(
    grants: Grants, endpoint: Endpoint, vault: Vault
) -> None:
    async with Database("redis://127.0.0.1:9/0") as nothing:
        tokens = Tokens(grants, endpoint, age=0)
        await grants.keep("kowhai", pair(1, DAY))
        assert await access(tokens) == "access-1"
        tokens._grants = Grants(nothing, vault)  # noqa: SLF001 - from now on there is no Redis
        assert await access(tokens) == "access-1"


async def test_a_good_token_is_read_from_redis_once(
    tokens: Tokens, grants: Grants, database: Database
) -> None:
    await grants.keep("kowhai", pair(1, DAY))
    assert await access(tokens) == "access-1"
    await database.do("DEL", KEY)
    assert await access(tokens) == "access-1"


async def test_a_new_pair_is_in_redis_before_anyone_uses_it(tokens: Tokens, grants: Grants) -> None:
    await grants.keep("kowhai", pair(1, -1))
    used = await tokens.get("kowhai")
    kept = await grants.get("kowhai")
    assert used.pair.access.reveal() == kept.pair.access.reveal() == "access-2"
    assert (used.generation, kept.generation) == (2, 2)


async def test_an_answer_without_refresh_token_or_scope_keeps_the_old_ones(
    tokens: Tokens, grants: Grants, endpoint: Endpoint
) -> None:
    endpoint.rotates = False
    await grants.keep("kowhai", pair(1, -1))
    grant = await tokens.get("kowhai")
    assert grant.pair.access.reveal() == "access-2"
    assert grant.pair.refresh.reveal() == "refresh-1"
    assert grant.pair.scopes == frozenset({"products:read"})


@pytest.mark.parametrize("trouble", [OUTAGE, TokensLater(30), ApplicationRefused("wrong secret")])
async def test_while_a_refresh_fails_a_token_that_is_still_good_is_used(
    tokens: Tokens, grants: Grants, endpoint: Endpoint, trouble: Exception
) -> None:
    await grants.keep("kowhai", pair(1, 5 * MINUTE))
    endpoint.troubles = [trouble] * 9
    assert [await access(tokens) for _ in range(5)] == ["access-1"] * 5
    assert endpoint.asked == ["refresh-1"], "one try, and then a rest"
    assert (await grants.get("kowhai")).state == "linked"


@pytest.mark.parametrize("trouble", [OUTAGE, TokensLater(30), ApplicationRefused("wrong secret")])
async def test_an_expired_token_is_not_used_and_the_next_try_may_succeed(
    tokens: Tokens, grants: Grants, endpoint: Endpoint, trouble: Exception
) -> None:
    await grants.keep("kowhai", pair(1, -1))
    endpoint.troubles = [trouble]
    with pytest.raises(type(trouble)):
        await tokens.get("kowhai")
    assert await access(tokens) == "access-3"
    assert endpoint.asked == ["refresh-1", "refresh-1"]


async def test_after_a_refusal_the_newer_grant_is_read_instead_of_refreshing_again(
    process: Callable[[], Tokens], grants: Grants, endpoint: Endpoint
) -> None:
    await grants.keep("kowhai", pair(1, DAY))
    one, other = process(), process()
    old = await other.get("kowhai")
    assert (await one.after_refusal(await one.get("kowhai"))).pair.access.reveal() == "access-2"
    assert (await other.after_refusal(old)).pair.access.reveal() == "access-2"
    assert endpoint.asked == ["refresh-1"]
    assert await access(other) == "access-2", "it is remembered"


async def test_many_callers_in_many_processes_make_one_token_request(
    process: Callable[[], Tokens], grants: Grants, endpoint: Endpoint
) -> None:
    await grants.keep("kowhai", pair(1, -1))
    processes = [process() for _ in range(3)]
    found = await asyncio.gather(*(access(one) for one in processes for _ in range(50)))
    assert set(found) == {"access-2"}
    assert endpoint.asked == ["refresh-1"]


async def test_callers_share_a_failure_too(
    tokens: Tokens, grants: Grants, endpoint: Endpoint
) -> None:
    await grants.keep("kowhai", pair(1, -1))
    endpoint.troubles = [OUTAGE]
    tries = (tokens.get("kowhai") for _ in range(50))
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert found == [OUTAGE] * 50
    assert endpoint.asked == ["refresh-1"]


async def test_a_cancelled_caller_does_not_cancel_the_refresh(
    tokens: Tokens, grants: Grants, endpoint: Endpoint
) -> None:
    await grants.keep("kowhai", pair(1, -1))
    endpoint.open.clear()
    caller = asyncio.create_task(tokens.get("kowhai"))
    await endpoint.met.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    endpoint.open.set()
    await tokens.close()
    assert (await grants.get("kowhai")).pair.access.reveal() == "access-2"
    assert await access(tokens) == "access-2"


async def test_close_waits_for_a_refresh_that_is_under_way(
    tokens: Tokens, grants: Grants, endpoint: Endpoint
) -> None:
    await grants.keep("kowhai", pair(1, -1))
    endpoint.open.clear()
    caller = asyncio.create_task(tokens.get("kowhai"))
    await endpoint.met.wait()
    closing = asyncio.create_task(tokens.close())
    assert (await asyncio.wait([closing], timeout=0.05))[1] == {closing}
    endpoint.open.set()
    await closing
    assert (await grants.get("kowhai")).generation == 2
    assert (await caller).generation == 2


async def test_close_stands_a_refresh_that_fails(
    tokens: Tokens, grants: Grants, endpoint: Endpoint
) -> None:
    await tokens.close()
    await grants.keep("kowhai", pair(1, -1))
    endpoint.open.clear()
    endpoint.troubles = [OUTAGE]
    caller = asyncio.create_task(tokens.get("kowhai"))
    await endpoint.met.wait()
    endpoint.open.set()
    await tokens.close()
    with pytest.raises(TokensUnanswered):
        await caller


async def test_a_pair_outlives_a_redis_that_is_away_for_a_moment(
    database: Database, vault: Vault, endpoint: Endpoint
) -> None:
    class Shaky(Grants):
        """Grants on a Redis that is away at first, and whose next answer is lost."""

        outages = 2

        async def renew(self, grant: Grant, turn: Mine, pair: Pair) -> None:
            self.outages -= 1
            if self.outages < 1:
                await super().renew(grant, turn, pair)
            if self.outages >= 0:
                raise DatabaseAway("No Redis answers.")

    grants = Shaky(database, vault)
    await grants.keep("kowhai", pair(1, -1))
    assert await access(Tokens(grants, endpoint)) == "access-2"
    assert (await grants.get("kowhai")).generation == 2
    assert grants.outages == -1


async def test_a_personal_token_is_never_refreshed(
    tokens: Tokens, grants: Grants, endpoint: Endpoint
) -> None:
    await grants.keep("kowhai", Pair(access=Secret("lsxs_pt_1")))
    grant = await tokens.get("kowhai")
    with pytest.raises(NeedsRelink, match="not accepted: link it again with `backroom connect"):
        await tokens.after_refusal(grant)
    assert endpoint.asked == []
    await grants.keep("kowhai", Pair(access=Secret("lsxs_pt_2")))
    assert (await tokens.after_refusal(grant)).pair.access.reveal() == "lsxs_pt_2"


async def test_a_dead_grant_says_why_and_works_when_linked_again(
    process: Callable[[], Tokens], grants: Grants, endpoint: Endpoint
) -> None:
    await grants.keep("kowhai", pair(1, DAY))
    tokens, other = process(), process()
    grant = await other.get("kowhai")
    endpoint.troubles = [TokensRefused("Lightspeed refuses tokens (400): It is invalid.")]
    why = r"not linked any more \(.*It is invalid.\): link it again with `backroom connect kowhai`"
    with pytest.raises(NeedsRelink, match=why):
        await tokens.after_refusal(await tokens.get("kowhai"))
    with pytest.raises(NeedsRelink, match=why):
        await tokens.get("kowhai")
    with pytest.raises(NeedsRelink, match=why):
        await other.after_refusal(grant)
    assert endpoint.asked == ["refresh-1"], "a dead grant is not asked for again"
    await grants.keep("kowhai", pair(5, DAY))
    assert await access(tokens) == await access(other) == "access-5"


async def test_a_refusal_after_a_lost_answer_names_the_lost_answer(
    tokens: Tokens, grants: Grants, endpoint: Endpoint
) -> None:
    await grants.keep("kowhai", pair(1, -1))
    endpoint.troubles = [OUTAGE, TokensLater(9), TokensRefused("It is invalid.")]
    for trouble in (TokensUnanswered, TokensLater):
        with pytest.raises(trouble):
            await tokens.get("kowhai")
    with capture_logs() as logs, pytest.raises(NeedsRelink, match="the answer to a refresh was"):
        await tokens.get("kowhai")
    lost = {"retailer": "kowhai", "reason": "the answer to a refresh was lost"}
    assert [{"event": "grant.lost", "log_level": "warning"} | lost] == logs


async def test_a_grant_that_dies_in_its_last_minutes_is_not_used_on(
    tokens: Tokens, grants: Grants, endpoint: Endpoint
) -> None:
    await grants.keep("kowhai", pair(1, 5 * MINUTE))
    endpoint.troubles = [TokensRefused("It is invalid.")]
    with pytest.raises(NeedsRelink):
        await tokens.get("kowhai")


async def test_without_an_application_an_expired_pair_says_what_is_missing(
    grants: Grants,
) -> None:
    tokens = Tokens(grants)
    await grants.keep("kowhai", pair(1, 5 * MINUTE))
    assert await access(tokens) == "access-1"
    await grants.keep("kowhai", pair(2, -1))
    with pytest.raises(NeedsRelink, match="LIGHTSPEED_CLIENT_ID is not set"):
        await Tokens(grants).get("kowhai")
    assert (await grants.get("kowhai")).state == "linked"


async def test_without_a_grant_there_is_no_token(tokens: Tokens) -> None:
    with pytest.raises(NotConnected):
        await tokens.get("kowhai")


async def test_no_token_is_logged(tokens: Tokens, grants: Grants, endpoint: Endpoint) -> None:
    await grants.keep("kowhai", pair(1, -1))
    with capture_logs() as logs:
        grant = await tokens.get("kowhai")
        endpoint.troubles = [TokensRefused("It is invalid.")]
        with pytest.raises(NeedsRelink) as caught:
            await tokens.after_refusal(grant)
    assert [line["event"] for line in logs] == ["grant.refreshed", "grant.lost"]
    assert not any(word in f"{logs} {caught.value!r}" for word in ("access-", "refresh-"))

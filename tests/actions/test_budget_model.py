"""Whatever processes do, in whatever order: a window is never asked for more than it has."""

import secrets

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.actions.desk import Desk

PROCESSES = 3
LIMIT = 30
KINDS = ("ask", "bulk", "bulk", "hurry", "hurry", "hear", "hear", "wait", "long", "die")
MOVES = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, PROCESSES - 1), st.integers(1, 400)),
    max_size=80,
)


class Model:
    """Some processes that do as they are told."""

    def __init__(self, desk: Desk, who: str) -> None:
        self.desk, self.who = desk, who
        self.shops = [desk.shop(who) for _ in range(PROCESSES)]

    async def make(self, move: str, number: int, amount: int) -> None:
        """Make a move."""
        shop = self.shops[number]
        match move:
            case "ask":
                await shop.ask(bulk=min(32, amount))
            case "bulk":
                shop.send((await shop.ask(bulk=min(32, amount)))[1])
            case "hurry":
                shop.send((await shop.ask(interactive=min(32, amount)))[0])
            case "hear":
                shop.hear()
            case "wait":
                await self._wait(amount / 100)
            case "long":
                await self._wait(amount)
            case _:
                self.shops[number] = self.desk.shop(self.who)  # killed, with all it held

    async def _wait(self, seconds: float) -> None:
        """Let time pass; then each process is heard of, for no answer takes longer than a lease."""
        self.desk.wait(seconds)
        for shop in self.shops:
            shop.hear()
            await shop.ask()


@pytest.mark.parametrize("kind", ["fixed", "sliding", "phase"])
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(moves=MOVES)
async def test_a_sole_consumer_is_refused_once_at_most_for_each_process_that_died(
    desk: Desk, kind: str, moves: list[tuple[str, int, int]]
) -> None:
    desk.switches.window = "sliding" if kind == "sliding" else "fixed"
    model = Model(desk, f"shop-{secrets.token_hex(4)}")
    plan = desk.limits.plans[model.who]
    plan.limit, plan.phase = LIMIT, 77.0 if kind == "phase" else None
    for move in moves:
        await model.make(*move)
    deaths = sum(move == "die" for move, _, _ in moves)  # what they had sent nobody knows
    assert desk.limits.refused[model.who] <= deaths

"""Where agents' calls are done: checked, previewed where they write, and sent."""

import time
from typing import Any, Final

import structlog

from actions.action import Action, PagedAction
from actions.checking import made
from actions.client import Client
from actions.errors import (
    BackroomError,
    ConnectionFailed,
    MissingScope,
    RateLimited,
    TryLater,
)
from ingress.api.naming import by_name, snake
from ingress.mcp import telling
from ingress.mcp.paging import sliced
from ingress.mcp.parameters import PREVIEW_TOKEN, taken
from ingress.mcp.previews import Previews
from ingress.mcp.results import Result
from ingress.mcp.visits import Visit

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

PATIENCE_SECONDS: Final = 10.0
"""How long a call waits for the rate limit before it says when to come back."""


class NotYours(BackroomError):
    """The key may not run that action."""


class Desk:
    """Does what agents ask for."""

    def __init__(
        self, client: Client, previews: Previews, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._client = client
        self._previews = previews
        self._patience = patience

    async def call(self, visit: Visit, name: str, arguments: dict[str, Any]) -> Result:
        """Call a tool. Whatever goes wrong is a result too: one sentence and when to come back."""
        began = time.monotonic()
        outcome, tool = "cancelled", "unknown"
        try:
            kind = by_name(name)
            tool = snake(kind)
            result = await self._called(visit, kind, arguments)
            outcome = "done" if result.structure.get("done", True) else "previewed"
        except BackroomError as error:
            outcome = type(error).__name__
            return telling.trouble(error)
        except Exception:
            outcome = "mistake"
            log.exception("mcp.failed", tool=tool)
            return telling.mistake()
        else:
            return result
        finally:
            log.info(
                "mcp.called",
                tool=tool,
                retailer=visit.retailer,
                key=visit.key.name,
                outcome=outcome,
                took=round(time.monotonic() - began, 4),
            )

    async def _called(
        self, visit: Visit, kind: type[Action[Any]], arguments: dict[str, Any]
    ) -> Result:
        _see_that_it_may(visit, kind)
        given = taken(kind, visit.style, arguments)
        if issubclass(kind, PagedAction):
            wanted = sliced(kind, given)
            return telling.a_slice(wanted, visit.retailer, await self._sent(wanted.action, visit))
        token = given.pop(PREVIEW_TOKEN, None)
        action = made(kind, given)
        if not kind.operation.reads:
            return await self._written(visit, action, token)
        return telling.answer(action, visit.retailer, await self._sent(action, visit))

    async def _written(self, visit: Visit, action: Action[Any], token: Any) -> Result:
        if lacking := visit.without(action.needs()):
            raise MissingScope(action.operation.name, visit.retailer, lacking)
        number = None
        if not visit.key.allow_writes:
            if token is None:
                return telling.preview(action, visit.retailer, self._previews.token(visit, action))
            number = await self._previews.use(token, visit, action)
        try:
            value = await self._sent(action, visit)
        except (RateLimited, TryLater, ConnectionFailed) as error:
            if number and getattr(error, "unsent", True):
                await self._previews.give_back(number)  # nothing was sent, so it holds on
            raise
        return telling.answer(action, visit.retailer, value)

    async def _sent(self, action: Action[Any], visit: Visit) -> Any:
        return await self._client.call(
            action, visit.retailer, lane="interactive", patience=self._patience
        )


def _see_that_it_may(visit: Visit, kind: type[Action[Any]]) -> None:
    """Refuse what is not among the visit's tools.

    Raises:
        NotYours, MissingScope: it is not.
    """
    if not visit.key.may(kind):
        reads = " It may only read." if visit.key.read_only and not kind.operation.reads else ""
        raise NotYours(f"{snake(kind)} is not among what this key may run.{reads}")
    if lacking := visit.lacking(kind):
        raise MissingScope(kind.operation.name, visit.retailer, lacking)

"""An action's name in StackOne's style, beside our own: ListBrands is lightspeed_list_brands."""

import difflib
import re
from typing import Any, Final

from actions.action import Action
from actions.catalog import CATALOG, named
from actions.errors import BadAction

CONNECTOR: Final = "lightspeed_"
_WORD: Final = re.compile(r"[A-Z][a-z]*")
_NEAREST: Final = 3


def snake(kind: type[Action[Any]]) -> str:
    """Return an action's name as StackOne's clients and agents write it."""
    return CONNECTOR + "_".join(_WORD.findall(kind.__name__)).lower()


_BY_SNAKE: Final = {snake(kind): kind for kind in CATALOG.values()}


def by_name(name: str) -> type[Action[Any]]:
    """Return the action of a name of either style.

    Raises:
        BadAction: there is none; the message has the nearest names.
    """
    found = _BY_SNAKE.get(name)
    if found is not None:
        return found
    if not name.startswith(CONNECTOR):
        return named(name)
    near = difflib.get_close_matches(name[:60], _BY_SNAKE, _NEAREST, cutoff=0)
    raise BadAction(f"There is no action {name[:60]!r}; near it are {', '.join(near)}.")

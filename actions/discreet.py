"""A repr without personal data."""

from typing import Any

from msgspec import Struct


class Discreet(Struct):
    """Shows only its id, so that no log or traceback shows a shopper's data."""

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({shown})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("id", self.id)] if hasattr(self, "id") else []

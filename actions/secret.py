"""A value that is never shown by accident."""


class Secret:
    """Holds a secret string; prints as `Secret('…')`, and no encoder takes it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself, for the one place that sends or checks it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('…')"

    def __bool__(self) -> bool:
        return bool(self._value)

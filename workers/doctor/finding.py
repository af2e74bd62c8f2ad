"""A finding, and what the checks look at."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from actions.errors import WrongSetting
from workers.settings import Settings

Level: TypeAlias = Literal["ok", "warn", "wrong", "skipped"]


class Finding(Struct, frozen=True):
    """What one check found: a sentence, and one that says what to do."""

    level: Level
    """`wrong` does harm now; `warn` may do some; `skipped` could not be looked at."""
    check: str
    what: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.what} {self.mend}".rstrip()


class Setup(Struct, frozen=True):
    """What the environment says."""

    environ: Mapping[str, str]
    settings: Settings
    """What is wrong in `environ` has its default here."""
    refused: Mapping[str, WrongSetting]
    """By variable."""


def listed(names: Sequence[str], most: int = 5) -> str:
    """Name so many, and count the rest."""
    rest = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest

"""What goes wrong on purpose: by name, for a share of the calls of some routes."""

import random
from collections import Counter
from fnmatch import fnmatchcase
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

BEFORE: Final = frozenset({"429-storm", "5xx", "html-error", "slow", "reset", "token-expired"})
"""They strike before anything is done."""
ANSWER: Final = frozenset(
    {
        "retry-after-missing",
        "retry-after-seconds",
        "retry-after-past",
        "retry-after-negative",
        "retry-after-far",
        "retry-after-garbage",
        "lost-answer",
        "card-redaction",
    }
)
"""They change what is stored or what is answered."""
TOKEN: Final = frozenset({"refresh-lost"})
DELIVERY: Final = frozenset({"late-duplicate", "reordered", "dropped-webhook"})
"""They strike webhooks; their path is a pattern of event types."""
NEIGHBOUR: Final = "noisy-neighbour"
"""Another program takes up to its share of every rate window."""
NAMES: Final = BEFORE | ANSWER | TOKEN | DELIVERY | {NEIGHBOUR}
SECONDS: Final = {"slow": 3.0, "reordered": 30.0, "late-duplicate": 3600.0}
"""Simulated seconds, unless a fault says others."""
_MOST_PARTS = 3


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that goes wrong."""

    name: str
    share: Annotated[float, Meta(ge=0, le=1)] = 1.0
    path: str = "*"
    """A pattern or a beginning: `/sales*`, `POST /stock_adjustments`, `sale.update`."""
    retailer: str = ""
    times: Annotated[int, Meta(ge=1)] | None = None
    """It ends after so many strikes; None never ends."""
    seconds: Annotated[float, Meta(ge=0)] | None = None
    """How long `slow` takes, and `reordered` and `late-duplicate` at most; see `SECONDS`."""

    def lasts(self) -> float:
        """Return its simulated seconds."""
        return SECONDS[self.name] if self.seconds is None else self.seconds

    def concerns(self, prefix: str, method: str, path: str) -> bool:
        """Whether it can strike this call."""
        if self.retailer not in {"", prefix}:
            return False
        verb, _, pattern = self.path.rpartition(" ")
        if verb not in {"", method}:
            return False
        return fnmatchcase(path, pattern if "*" in pattern or "?" in pattern else f"{pattern}*")


def parse(text: str) -> Fault:
    """Read a fault as the command line has it: `NAME`, `NAME:SHARE` or `NAME:SHARE:PATH`.

    Raises:
        ValueError: it is none; the message is a sentence.
    """
    parts = text.split(":", _MOST_PARTS - 1)
    given = dict(zip(("name", "share", "path"), parts, strict=False))
    return made(given, strict=False)


def made(given: object, *, strict: bool = True) -> Fault:
    """Read a fault from its members.

    Raises:
        ValueError: it is none; the message is a sentence.
    """
    try:
        fault = msgspec.convert(given, Fault, strict=strict)
    except msgspec.ValidationError as error:
        raise ValueError(f"{given} is no fault: {error}.") from None
    if fault.name not in NAMES:
        raise ValueError(
            f"There is no fault named {fault.name}; there are {', '.join(sorted(NAMES))}."
        )
    return fault


class Faults:
    """The faults that are on, and their dice."""

    def __init__(self, seed: int = 0) -> None:
        self.struck: Counter[str] = Counter()
        self._random = random.Random(f"faults {seed}")  # noqa: S311 - repeatable dice
        self._on: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Switch a fault on."""
        self._on.append(fault)

    def remove(self, name: str = "") -> int:
        """Switch off the faults of a name, or all; return how many that were."""
        before = len(self._on)
        self._on = [fault for fault in self._on if name not in {"", fault.name}]
        return before - len(self._on)

    def on(self) -> list[Fault]:
        """Return the faults that are on, with the strikes they have left."""
        return list(self._on)

    def drawn(self, kinds: frozenset[str], prefix: str, method: str, path: str) -> dict[str, Fault]:
        """Throw the dice of a call for some kinds of fault; return those that strike."""
        if not self._on:
            return {}
        struck = {}
        for index, fault in reversed(list(enumerate(self._on))):
            if fault.name not in kinds or not fault.concerns(prefix, method, path):
                continue
            if self._random.random() < fault.share:
                struck[fault.name] = fault
                self.struck[fault.name] += 1
                self._spend(index, fault)
        return struck

    def _spend(self, index: int, fault: Fault) -> None:
        if fault.times == 1:
            del self._on[index]
        elif fault.times is not None:
            self._on[index] = msgspec.structs.replace(fault, times=fault.times - 1)

    def neighbour(self, prefix: str) -> float:
        """Throw the dice for the share of a rate window that another program takes."""
        most = [one.share for one in self._on if one.name == NEIGHBOUR]
        return self._random.uniform(0, max(most)) if most and prefix else 0.0

    def some(self, most: float) -> float:
        """Throw the dice for a delay."""
        return self._random.uniform(0, most)

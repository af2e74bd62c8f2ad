"""Card numbers in text fields: masked without a word (vendor: Data Security)."""

import re
from typing import Final

_CARD: Final = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_SHOWN: Final = 4
_DOUBLED: Final = 9


def masked(text: str | None) -> str | None:
    """Return a text with every number that could be a card's masked but for its last digits."""
    return None if text is None else _CARD.sub(_mask, text)


def _mask(found: re.Match[str]) -> str:
    """Mask digits and keep what separates them, unless their check digit says it is no card."""
    written = found.group()
    left = sum(one.isdigit() for one in written) - _SHOWN
    if not _checks(written):
        return written
    shown = []
    for one in written:
        shown.append("*" if one.isdigit() and left > 0 else one)
        left -= one.isdigit()
    return "".join(shown)


def _checks(written: str) -> bool:
    """Whether the last digit fits the others, as on every payment card (Luhn)."""
    digits = [int(one) for one in reversed(written) if one.isdigit()]
    doubled = [2 * one - (_DOUBLED if 2 * one > _DOUBLED else 0) for one in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0

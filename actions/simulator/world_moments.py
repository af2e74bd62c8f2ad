"""When things in the world began: on days that do not depend on when it is made."""

from typing import Final

from actions.simulator.shop import Shop, stamp

_DAY: Final = 86_400
OPENED: Final = 1_690_876_800
"""1 August 2023, 08:00 UTC: the store opens."""
_DAYS: Final = 900


def opened() -> str:
    """Return the moment when the store opened."""
    return stamp(OPENED)


def since_opening(shop: Shop) -> str:
    """Return some moment of the store's first years."""
    return stamp(OPENED + int(shop.random.random() * _DAYS * _DAY))


def days_from_now(shop: Shop, days: int) -> str:
    """Return a midnight so many days from the clock's today."""
    return stamp(shop.clock.now() // _DAY * _DAY + days * _DAY)

"""What an outdoor shop sells, in words."""

from collections.abc import Mapping
from typing import Final, NamedTuple

_COLOURS: Final = ("Kōwhai", "Fern", "Slate")
_SIZES: Final = ("S", "M", "L")
_WORN: Final = {"Colour": _COLOURS[:2], "Size": _SIZES}
_SHOES: Final = {"Size": ("40", "41", "42", "43", "44")}
_NONE: Final[Mapping[str, tuple[str, ...]]] = {}


class Line(NamedTuple):
    """One kind of thing: where it hangs, how its variants differ, what it costs and weighs."""

    noun: str
    category: str
    cheapest: int
    dearest: int
    grams: int
    attributes: Mapping[str, tuple[str, ...]] = _NONE


LINES: Final = (
    Line("Rain Jacket", "Rain Jackets", 199, 549, 420, _WORN),
    Line("Head Torch", "Lights", 39, 129, 90),
    Line("Topo Map", "Maps", 12, 35, 60),
    Line("Tramping Boot", "Tramping Boots", 249, 479, 1300, _SHOES),
    Line("Gas Stove", "Stoves", 49, 289, 210),
    Line("Day Pack", "Day Packs", 89, 229, 700, {"Colour": _COLOURS}),
    Line("Billy", "Pots", 24, 99, 310),
    Line("Merino Crew", "Base Layers", 79, 159, 190, {"Size": _SIZES}),
    Line("Tent", "Tents", 349, 1199, 2100),
    Line("Beef Curry Meal", "Meals", 9, 19, 150),
    Line("Sleeping Bag", "Sleeping Bags", 199, 899, 980, {"Length": ("Regular", "Long")}),
    Line("Sleeping Mat", "Mats", 59, 329, 450),
    Line("Compass", "Compasses", 29, 99, 40),
    Line("Possum Socks", "Socks", 19, 45, 70),
    Line("Fly", "Flies", 89, 399, 600),
    Line("Down Jacket", "Down Jackets", 249, 699, 380, {"Size": _SIZES}),
    Line("Dry Bag", "Dry Bags", 15, 65, 85),
    Line("Beanie", "Hats & Gloves", 25, 59, 55),
    Line("Trail Shoe", "Trail Shoes", 159, 299, 640, _SHOES),
    Line("Porridge", "Meals", 5, 12, 90),
)
PLACES: Final = (
    *("Aoraki", "Tararua", "Kahurangi", "Fiordland", "Rakiura", "Ruapehu", "Taranaki"),
    *("Arthur's Pass", "Mōkihinui", "Whanganui", "Abel Tasman", "Nelson Lakes", "Hump Ridge"),
    *("Routeburn", "Hollyford", "Pureora", "Urewera", "Kaimai", "Coromandel", "Banks Peninsula"),
    *("Ōhau", "Hāwea", "Lindis", "Molesworth", "Kaweka", "Ruahine", "Paparoa", "Heaphy"),
)

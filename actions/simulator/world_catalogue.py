"""What the world's products hang on: brands, suppliers, categories, tags, attributes."""

from typing import Final

from actions.simulator import categories
from actions.simulator.resources.suppliers import blank
from actions.simulator.shop import Shop

_BRANDS: Final = (
    ("Kererū Alpine", "Made for weather that changes its mind"),
    ("Tītī Rainwear", "Waterproof since 1987"),
    ("Kōkako Boots", "Resoled in Nelson"),
    ("Southerly", "Fleece and wool"),
    ("Roaring Forties", "Packs and tents"),
    ("Back Valley", "Stoves, pots and what goes into them"),
    ("Matagouri", None),
    ("Lancewood & Sons", "Poles, pegs & tools"),
)
_SUPPLIERS: Final = (
    ("Remarkable Imports", "Hana", "Te Kanawa", "Queenstown", "9300"),
    ("Cook Strait Traders", "Piet", "de Vries", "Wellington", "6012"),
    ("Tasman Textiles", "Joanna", "Field", "Nelson", "7011"),
    ("Waimakariri Wool", "Rāwiri", "Paki", "Rangiora", "7400"),
    ("Harbour Distribution", "Anita", "Prasad", "Auckland", "1010"),
    ("Fiordland Foods", "Lewis", "Mackay", "Te Anau", "9600"),
)
_TAGS: Final = ("new season", "clearance", "staff pick", "NZ made", "lightweight", "winter", "gift")
_PATHS: Final = (
    *("Clothing/Rainwear/Rain Jackets", "Clothing/Rainwear/Overtrousers"),
    *("Clothing/Insulation/Down Jackets", "Clothing/Insulation/Fleece"),
    *("Clothing/Base Layers", "Clothing/Hats & Gloves"),
    *("Footwear/Tramping Boots", "Footwear/Trail Shoes", "Footwear/Socks"),
    *("Packs/Day Packs", "Packs/Tramping Packs", "Packs/Dry Bags"),
    *("Camp/Shelter/Tents", "Camp/Shelter/Flies", "Camp/Sleeping/Sleeping Bags"),
    *("Camp/Sleeping/Mats", "Camp/Cooking/Stoves", "Camp/Cooking/Pots", "Camp/Cooking/Meals"),
    *("Camp/Lights", "Navigation/Maps", "Navigation/Compasses"),
)
ATTRIBUTES: Final = ("Colour", "Size", "Length")


def make(shop: Shop) -> None:
    """Make them all."""
    for name, description in _BRANDS:
        row = {"id": shop.new_id(), "name": name, "description": description, "deleted_at": None}
        shop.put("brands", row)
    for supplier in _SUPPLIERS:
        _supplier(shop, *supplier)
    for table, names in (("tags", _TAGS), ("variant_attributes", ATTRIBUTES)):
        for name in names:
            shop.put(table, {"id": shop.new_id(), "name": name, "deleted_at": None})
    _grow(shop)


def _supplier(shop: Shop, *who: str) -> None:
    name, first_name, last_name, city, postcode = who
    row = blank(shop.new_id()) | {"name": name, "default_markup": 80}
    row["contact"] |= {
        "first_name": first_name,
        "last_name": last_name,
        "company_name": name,
        "phone": f"0{shop.random.randint(3, 9)} 555 {shop.random.randint(0, 9999):04d}",
        "email": f"orders@{name.split()[0].lower()}.example",
        "physical_address1": f"{shop.random.randint(1, 220)} Depot Road",
        "physical_city": city,
        "physical_postcode": postcode,
        "physical_country_id": "NZ",
    }
    shop.put("suppliers", row)


def _grow(shop: Shop) -> None:
    """Make the categories of the paths, each once."""
    rows: categories.Tree = {}
    known: dict[str, str] = {}
    for path in _PATHS:
        parent, place = None, ""
        for name in path.split("/"):
            place = f"{place}/{name}"
            if place not in known:
                row = categories.new(shop.new_id(), name, parent)
                rows[row["id"]], known[place] = row, row["id"]
            parent = known[place]
    categories.keep(shop, rows)

"""Where the world's products are put: it remembers what each of them needs."""

from decimal import Decimal
from typing import Any, Final

from actions.simulator import catalogue, pictures, prices, stock
from actions.simulator.product_rows import blank
from actions.simulator.resources.product_suppliers import lead, link
from actions.simulator.shop import Shop
from actions.simulator.world_goods import Line
from actions.simulator.world_moments import since_opening

Row = dict[str, Any]
_RICH: Final = 1000
"""So many products have images and a barcode; of a chain's hundred thousand few more do."""
_SOME: Final = 90
"""Of 256 records, so many are reordered when they run low."""
_TENTH: Final = Decimal("0.1")


class Shelf:
    """Makes products one after the other."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.made = 0
        self._brands = _links(shop, "brands")
        self._tags = _links(shop, "tags")
        self._suppliers = list(shop.table("suppliers").all())
        self._categories = {row["name"]: row for row in shop.table("product_categories").all()}
        self._outlets = shop.table("outlets").ids()
        self._tax = prices.default_tax(shop)
        self._rate = prices.rate(self._tax)
        self._books = [row["id"] for row in shop.table("price_books").all() if _is_base(row)]
        self._retailer = shop.table("retailer").get(shop.retailer_id) or {}

    def row(self, name: str) -> Row:
        """Return a new product with the next number of the store's sequence as its SKU."""
        row = blank(self._shop.new_id(), name, since_opening(self._shop))
        sequence = self._retailer["sku_sequence"]
        self.code(row, str(sequence["value"]))
        sequence["value"] += 1
        return row

    def code(self, row: Row, sku: str) -> None:
        """Give a product its SKU, and a barcode to the first ones."""
        row["sku"] = sku
        row["product_codes"] = [{"id": self._shop.new_id(), "type": "CUSTOM", "code": sku}]
        if 0 < self.made < _RICH:
            code = {"id": self._shop.new_id(), "type": "EAN", "code": _barcode(self.made)}
            row["product_codes"].append(code)

    def dress(self, row: Row, line: Line, like: Row | None = None) -> None:
        """Give a product what its line has; a variant has what the first of its family has."""
        if like is None:
            self._new_look(row, line)
        else:
            row |= {name: like[name] for name in _SHARED}
        suppliers = [one["supplier_id"] for one in like["product_suppliers"]] if like else []
        self._supply(row, suppliers[0] if suppliers else None)

    def price(self, row: Row, including: Decimal) -> None:
        """Price a product; buying it costs about half."""
        prices.put_price(row, self._rate, including=including)
        row["supply_price"] = prices.short(Decimal(int(row["price_excluding_tax"])) / 2 + 1)

    def keep(self, row: Row, *, pictured: bool = True) -> None:
        """Keep a product with its images, its stock and its price."""
        if pictured and self.made < _RICH:
            pictures.add(self._shop, row, self._shop.random.randint(0, 3))
        catalogue.keep(self._shop, row)
        for book_id in self._books:
            entry = prices.entry(book_id, row, self._tax)
            self._shop.put("price_book_products", entry)
        for outlet_id in self._outlets if row["has_inventory"] else ():
            self._stock(row, outlet_id)
        self.made += 1

    def finish(self, discount_id: str) -> None:
        """Let the store go on counting where the world has stopped."""
        self._retailer["discount_product_id"] = discount_id
        self._shop.put("retailer", self._retailer)

    def _new_look(self, row: Row, line: Line) -> None:
        rand = self._shop.random
        tags = rand.sample(self._tags, rand.randint(0, 2))
        brand = rand.choice(self._brands)
        cents = _TENTH * 9 if line.cheapest < rand.randint(1, 100) else Decimal(0)
        self.price(row, rand.randint(line.cheapest, line.dearest) + cents)
        catalogue.hang(row, self._categories[line.category])
        row |= {
            "description": f"<p>{line.noun} for the hills &amp; the way there.</p>",
            "brand_id": brand["id"],
            "brand": brand,
            "tag_ids": [tag["id"] for tag in tags],
            "categories": tags,
            "weight": line.grams + rand.randint(0, 9) * 10,
            "weight_unit": "G",
        }

    def _supply(self, row: Row, supplier_id: str | None) -> None:
        choices = [one for one in self._suppliers if supplier_id in {None, one["id"]}]
        one = link(self._shop, row, self._shop.random.choice(choices))
        row["product_suppliers"] = [
            one | {"price": row["supply_price"], "code": f"{one['supplier_name'][:3]}-{row['sku']}"}
        ]
        lead(row)

    def _stock(self, row: Row, outlet_id: str) -> None:
        chance = self._shop.random.getrandbits(8)
        few = Decimal(chance % 5 + 1) if chance < _SOME else None
        stock.open_record(
            self._shop,
            row["id"],
            outlet_id,
            Decimal(chance % 41),
            few,
            few and few * 2,
            average_cost=Decimal(row["supply_price"]),
        )


_SHARED: Final = (
    *("description", "brand_id", "brand", "product_type_id", "type", "product_category"),
    *("tag_ids", "categories", "weight", "weight_unit", "created_at", "updated_at"),
    *("price_including_tax", "price_excluding_tax", "supply_price"),
)


def _links(shop: Shop, table: str) -> list[Row]:
    return [{"id": row["id"], "name": row["name"]} for row in shop.table(table).all()]


def _is_base(book: Row) -> bool:
    return bool(book["type"] == "BASE")


def _barcode(number: int) -> str:
    """Return a New Zealand EAN-13 with its check digit."""
    digits = f"9415{number:08d}"
    weighed = sum(int(one) * (3 if at % 2 else 1) for at, one in enumerate(digits))
    return f"{digits}{-weighed % 10}"

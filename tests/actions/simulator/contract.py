"""The vendor's contract of 2026-07 as its reference has it, one row for each of the 57 actions."""

from typing import Any, Final, Literal

from msgspec import Struct


class Thing(Struct):
    """Any object by itself, in no envelope."""

    id: str


class Version(Struct, forbid_unknown_fields=True):
    """The lowest and the highest version of a page."""

    min: int | None
    max: int | None


class Rows(Struct, forbid_unknown_fields=True):
    """Objects in `data`."""

    data: list[Thing]


class Page(Rows, forbid_unknown_fields=True):
    """A page of a list by version."""

    version: Version


class One(Struct, forbid_unknown_fields=True):
    """One object in `data`."""

    data: Thing


class Id(Struct, forbid_unknown_fields=True):
    """Only an id in `data`."""

    data: str


class Ids(Struct, forbid_unknown_fields=True):
    """Several ids in `data`."""

    data: list[str]


class OnlyId(Struct, forbid_unknown_fields=True):
    """Only an id, and no `data`."""

    id: str


class PageInfo(Struct, forbid_unknown_fields=True):
    """Where a page of categories ends."""

    has_next: bool
    last_seen: str | None


class Categories(Struct, forbid_unknown_fields=True):
    """A page of categories."""

    data: dict[Literal["categories"], list[Thing]]
    page_info: PageInfo


class Empty(Struct, forbid_unknown_fields=True):
    """No body, or an object without members."""


class Row(Struct, frozen=True):
    """One action: how it is called with the least, and what it answers."""

    name: str
    call: str
    """Method, and path below the version. What stands in braces is an id that has to be found."""
    scopes: str
    """All that are needed, with blanks between."""
    envelope: Any
    """The type of the body."""
    paging: Literal["version", "before id", "page_info", "body", "size", "none"] = "none"
    status: int = 200
    most: int | None = None
    """The largest page, where the vendor declares one."""
    body: Any = None
    """The least that is taken. `{new}` is new at each call, other braces as in the path."""
    silent: bool = False
    """400, 401 and 403 come without a body."""
    unknown: int | None = None
    """What an unknown member is answered with, where the vendor says so."""


CONSIGNMENT_SCOPES: Final = {
    "SUPPLIER": "consignments:write:stock_order",
    "RETURN": "consignments:write:stock_order",
    "OUTLET": "consignments:write:stock_transfer",
    "STOCKTAKE": "consignments:write:inventory_count",
}
"""What it takes to write a consignment hangs on its type."""

_ORDER: Final = CONSIGNMENT_SCOPES["SUPPLIER"]
_READ: Final = "products:read"
_WRITE: Final = "products:write"
_PRICES: Final = "products:read:price_books"
_PRICE_BOOKS: Final = f"{_PRICES} customers:read outlets:read"
_CUSTOMERS: Final = "customers:write"
_CREDITS: Final = "store_credits:read"
_RETAILER: Final = "retailer:read payment_types:read"

_NAMED: Final = {"name": "{new}"}
_GOODS: Final = {"name": "{new}", "outlet_id": "{outlet_id}", "type": "SUPPLIER"}
_CUSTOMER: Final = {"first_name": None, "last_name": None}
_ADJUSTMENT: Final = {
    "product_id": "{product_id}",
    "outlet_id": "{outlet_id}",
    "quantity": "1",
    "reason": "STOCK_FOUND",
}
_STOCK: Final = {"stock_adjustments": [_ADJUSTMENT]}
_IMAGE: Final = {"position": 1}
_CATEGORIES: Final = {"categories": [_NAMED]}
_PROMOTION: Final = {
    "name": "{new}",
    "start_time": "2026-10-24T00:00:00",
    "use_promo_code": False,
    "action": {"type": "basic_percent_discount", "value": 15},
    "condition": {"type": "product_set", "quantity": 1},
}
_SALE: Final = {"source": {"author_id": "{user_id}"}, "state": "parked"}
_WEBHOOK: Final = {"active": True, "type": "sale.update", "url": "http://localhost:9/{new}"}

CONTRACT: Final = (
    Row("List Brands", "GET /brands", _READ, Page, "version"),
    Row("Get A Single Brand", "GET /brands/{brand_id}", _READ, One),
    Row("Create Brand", "POST /brands", _WRITE, Id, body=_NAMED),
    Row("List Consignments", "GET /consignments", "consignments:read", Page, "version"),
    Row("Get A Single Consignment", "GET /consignments/{consignment_id}", "consignments:read", One),
    Row("Create A Consignment", "POST /consignments", _ORDER, One, body=_GOODS, status=201),
    Row("Update A Consignment", "PUT /consignments/{consignment_id}", _ORDER, One, body=_GOODS),
    Row("List Customers", "GET /customers", "customers:read", Page, "version"),
    Row("Get A Single Customer", "GET /customers/{customer_id}", "customers:read", One),
    Row("Create A New Customer", "POST /customers", _CUSTOMERS, One, body=_CUSTOMER, status=201),
    Row("Update A Customer", "PUT /customers/{customer_id}", _CUSTOMERS, One, body=_CUSTOMER),
    Row("Delete A Customer", "DELETE /customers/{customer_id}", _CUSTOMERS, Empty, status=204),
    Row("List Gift Cards", "GET /gift_cards", "gift_cards:read", Rows, "before id", most=1000),
    Row("Find Gift Card", "GET /gift_cards/{number}", "gift_cards:read", Thing),
    Row(
        "List Inventory Records",
        "POST /inventory",
        "inventory:read",
        list[Thing],
        "body",
        most=5000,
        body={},
    ),
    Row(
        "List Stock Adjustments",
        "GET /stock_adjustments",
        "inventory:write",
        Page,
        "version",
        most=1000,
        silent=True,
    ),
    Row(
        "Create Stock Adjustments",
        "POST /stock_adjustments",
        "inventory:write",
        Rows,
        body=_STOCK,
        silent=True,
        unknown=400,
        status=201,
    ),
    Row("List Outlets", "GET /outlets", "outlets:read", Page, "version"),
    Row("Get A Single Outlet", "GET /outlets/{outlet_id}", "outlets:read", One),
    Row("List Payment Types", "GET /payment_types", "payment_types:read", Page, "version"),
    Row("List Price Books", "GET /price_books", _PRICE_BOOKS, Page, "version"),
    Row("Get A Single Price Book", "GET /price_books/{id}", _PRICE_BOOKS, One),
    Row("List Price Book Products", "GET /price_book_products", _PRICES, Page, "version"),
    Row("List Products", "GET /products", _READ, Page, "version"),
    Row("Get A Single Product", "GET /products/{product_id}", _READ, One),
    Row("Create Product", "POST /products", _WRITE, Ids, body=_NAMED, unknown=200),
    Row("Update A Product", "PUT /products/{product_id}", _WRITE, One, body={}, unknown=200),
    Row("Delete A Single Product", "DELETE /products/{product_id}", _WRITE, Empty),
    Row("List Product Categories", "GET /product_categories", _READ, Categories, "page_info"),
    Row(
        "Create And Update A Product Category Hierarchy",
        "POST /product_categories/bulk",
        _WRITE,
        Rows,
        body=_CATEGORIES,
    ),
    Row("Get A Single Product Image Data", "GET /product_images/{product_image_id}", _READ, One),
    Row("Set Image Position", "PUT /product_images/{product_image_id}", _WRITE, One, body=_IMAGE),
    Row("List Product Types", "GET /product_types", _READ, Page, "version"),
    Row("Get A Single Product Type", "GET /product_types/{product_type_id}", _READ, One),
    Row("List Promotions", "GET /promotions", "promotions:read", Rows, "size"),
    Row("Get A Promotion By ID", "GET /promotions/{promotion_id}", "promotions:read", One),
    Row(
        "Create A Promotion",
        "POST /promotions",
        "promotions:write",
        Thing,
        body=_PROMOTION,
        status=201,
    ),
    Row("List Registers", "GET /registers", "registers:read", Page, "version"),
    Row("Get A Single Register", "GET /registers/{register_id}", "registers:read", One),
    Row("Get Information About This Retailer", "GET /retailer", _RETAILER, One),
    Row("List Sales", "GET /sales", "sales:read", Page, "version"),
    Row("Get A Single Sale", "GET /sales/{sale_id}", "sales:read", One),
    Row("Create A Sale", "POST /sales", "sales:write", One, body=_SALE),
    Row("Update A Sale", "PUT /sales/{sale_id}", "sales:write", One, body=_SALE),
    Row("Store Credit List", "GET /store_credits", _CREDITS, list[Thing], "size"),
    Row(
        "List Store Credits For A Given Customer",
        "GET /store_credits/{customerId}",
        _CREDITS,
        Thing,
    ),
    Row("List Suppliers", "GET /suppliers", "suppliers:read", Page, "version"),
    Row("Get A Single Supplier", "GET /suppliers/{supplier_id}", "suppliers:read", One),
    Row("Create New Supplier", "POST /suppliers", "suppliers:write", Id, body=_NAMED),
    Row(
        "Update A Supplier", "PUT /suppliers/{supplier_id}", "suppliers:write", OnlyId, body=_NAMED
    ),
    Row("List Taxes", "GET /taxes", "taxes:read", Page, "version"),
    Row("Get A Single Tax", "GET /taxes/{tax_id}", "taxes:read", One),
    Row("List Users", "GET /users", "users:read", Page, "version"),
    Row("Get A Single User", "GET /users/{user_id}", "users:read", One),
    Row("List Webhooks", "GET /webhooks", "webhooks", Rows),
    Row("Create Webhook", "POST /webhooks", "webhooks", One, body=_WEBHOOK, status=201),
    Row("Delete Webhook", "DELETE /webhooks/{webhookId}", "webhooks", Empty),
)

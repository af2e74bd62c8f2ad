"""What each writing action changes, and whether that can be undone: the vendor says neither.

What undoes is an action of the same API; what no action takes back is said to stay.
"""

from typing import Final, Literal

from msgspec import Struct

from actions.action import Action


class Effect(Struct, frozen=True):
    """What a write does to a store."""

    changes: str
    reversible: Literal["yes", "partly", "no"]
    undo: str
    adds: bool = False
    """It only adds: nothing that was there is overwritten or removed."""
    counts: str = ""
    """The parameter that holds one item for each thing that is changed; else it is one."""
    reaches_out: bool = False
    """It makes the store send data to an address of the caller's choice."""


_OLD_VALUES: Final = "send the old values again; they are not kept, so read them before"

EFFECTS: Final = {
    "CreateBrand": Effect("adds a brand", "no", "no action takes a brand away again", adds=True),
    "CreateConsignment": Effect(
        "adds a consignment without products",
        "partly",
        "no action deletes it; UpdateConsignment can set it to a cancelled status",
        adds=True,
    ),
    "UpdateConsignment": Effect(
        "overwrites a consignment; a status that sends or receives it moves stock",
        "no",
        "what is received or cancelled can never change again",
    ),
    "CreateCustomer": Effect(
        "adds a customer", "yes", "DeleteCustomer takes the customer away again", adds=True
    ),
    "UpdateCustomer": Effect("overwrites what is given of a customer", "partly", _OLD_VALUES),
    "DeleteCustomer": Effect(
        "deletes a customer", "no", "no action brings a deleted customer back"
    ),
    "CreateStockAdjustments": Effect(
        "changes stock levels at once, by the quantity of each adjustment",
        "partly",
        "adjust by the opposite quantity; the store's history keeps both",
        adds=True,
        counts="stock_adjustments",
    ),
    "CreateProduct": Effect(
        "adds a product, or a family with its variants",
        "yes",
        "DeleteProduct takes it away again",
        adds=True,
    ),
    "UpdateProduct": Effect(
        "overwrites what is given of a product or of its whole family", "partly", _OLD_VALUES
    ),
    "DeleteProduct": Effect(
        "deletes a product or a variant", "no", "no action brings a deleted product back"
    ),
    "SaveProductCategories": Effect(
        "adds categories, and overwrites those given with an id",
        "no",
        "no action deletes a category; names and parents can be saved anew",
        counts="categories",
    ),
    "SetImagePosition": Effect(
        "moves an image among its product's",
        "partly",
        "set the old position again; what became of the other images is not documented",
    ),
    "CreatePromotion": Effect(
        "adds a promotion, which lowers prices at the till while it is active",
        "no",
        "no action changes, ends or deletes a promotion",
        adds=True,
    ),
    "CreateSale": Effect(
        "books a sale: a closed one moves stock, payments and the customer's balance",
        "partly",
        "UpdateSale can void it, which returns stock and removes payments; it stays in the books",
        adds=True,
    ),
    "UpdateSale": Effect(
        "overwrites a sale; lines that are not sent again in full are lost",
        "no",
        "lines that were lost and payments that were removed do not come back by themselves",
    ),
    "CreateSupplier": Effect(
        "adds a supplier", "no", "no action takes a supplier away again", adds=True
    ),
    "UpdateSupplier": Effect("overwrites what is given of a supplier", "partly", _OLD_VALUES),
    "CreateWebhook": Effect(
        "makes the store send each event of a type to a URL",
        "partly",
        "DeleteWebhook ends it; what was sent is sent",
        adds=True,
        reaches_out=True,
    ),
    "DeleteWebhook": Effect(
        "ends a webhook: its URL is told of nothing any more",
        "partly",
        "CreateWebhook makes it anew; events of the time between are not sent again",
    ),
}
"""By the name of each action that writes."""


def count(action: Action[object]) -> int:
    """Return how many things a call changes or adds."""
    counts = EFFECTS[action.operation.name].counts
    return len(getattr(action, counts)) if counts else 1

"""The names of everything that stock adjustments keep in Redis."""


def waiting(retailer: str) -> str:
    """List: packed items that wait to be sent, those of all orders but files."""
    return f"backroom:stock:{retailer}:waiting"


def file(order_id: str) -> str:
    """List: packed items of an order that is sent by whoever has the file."""
    return f"backroom:stock-order:{order_id}:waiting"


def turn(retailer: str) -> str:
    """String: who may send for a retailer now; expires."""
    return f"backroom:stock:{retailer}:turn"


def request(retailer: str) -> str:
    """String: the items that were taken and what is known of them, MessagePack."""
    return f"backroom:stock:{retailer}:request"


def seen(retailer: str) -> str:
    """Hash: the highest version that we have seen, and the user that we act as."""
    return f"backroom:stock:{retailer}:seen"


def order(order_id: str) -> str:
    """Hash: an order and how far it is."""
    return f"backroom:stock-order:{order_id}"


def results(order_id: str) -> str:
    """List: what became of an order's items, some together, MessagePack."""
    return f"backroom:stock-order:{order_id}:results"

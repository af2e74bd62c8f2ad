from actions.connections import Connection
from actions.database import Database
from tests.conftest import Ingress, path, signed, unique
from workers.listing import Wanted, newest


async def test_a_new_delivery_is_acknowledged_and_kept(
    ingress: Ingress, kowhai: Connection, database: Database
) -> None:
    body = unique()
    response = await ingress.post(path(kowhai, "sale.update"), data=body, headers=signed(body))
    assert response.status == 200
    answer = await response.json()
    (entry,) = await newest(database, Wanted(), 10)
    assert entry.event_id == answer["event_id"]
    assert (entry.retailer, entry.type, entry.state) == ("kowhai", "sale.update", "stored")

"""What the tests of faults share: a load."""

import pytest

from actions.connections import Connection, address
from tests.faults.feed import Feed
from workers.inbox import Inbox


@pytest.fixture
async def feed(inbox: Inbox, kowhai: Connection) -> Feed:
    """A load of one linked retailer's deliveries."""
    known = await address(inbox.database, kowhai.webhook_key.reveal())
    assert known is not None
    return Feed(inbox, known)

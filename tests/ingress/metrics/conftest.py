"""What tests of metrics share: a page, read by prometheus-client's own parser."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
from prometheus_client.parser import text_string_to_metric_families

from actions.database import Database
from ingress.api.keys import ApiKeys
from tests.conftest import Ingress
from tests.ingress.api.conftest import api_key, bearer, keys, make

__all__ = ["keys", "make"]

Page: TypeAlias = dict[tuple[str, ...], float]
"""Numbers by the sample's name and its labels' values, by label."""
Scrape = Callable[..., Awaitable[Page]]


def read(text: str) -> Page:
    """Read a page; no sample may stand there twice."""
    found: Page = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            values = (sample.labels[label] for label in sorted(sample.labels))
            name = (sample.name, *values)
            assert name not in found
            found[name] = sample.value
    return found


def nonzero(page: Page, name: str) -> dict[tuple[str, ...], float]:
    """The samples of a name that are not 0, by the values of their labels."""
    return {values[1:]: number for values, number in page.items() if values[0] == name and number}


@pytest.fixture
async def headers(database: Database) -> dict[str, str]:
    """The key of a Prometheus."""
    key = await ApiKeys(database).create(api_key("prometheus", read_only=True))
    return bearer(key.reveal())


@pytest.fixture
def scrape(ingress: Ingress, headers: dict[str, str]) -> Scrape:
    """Scrape a web process once: it keeps for some seconds what Redis said."""

    async def scrape(web: Ingress = ingress) -> Page:
        answer = await web.get("/metrics", headers=headers)
        text = await answer.text()
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store"), text
        return read(text)

    return scrape

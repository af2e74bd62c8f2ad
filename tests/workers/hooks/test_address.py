"""Which URLs are ours, and when Lightspeed could not call them."""

import pytest

from workers.environment import load
from workers.hooks.address import taken_apart, unreachable
from workers.settings import Settings

BASE = "https://shop.test/hooks"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (f"{BASE}/webhooks/k/sale.update", ("k", "sale.update")),
        (f"{BASE}/webhooks/k", ("k", "")),
        (f"{BASE}/webhooks/k/", None),
        (f"{BASE}/webhooks/", None),
        (f"{BASE}/webhooks//sale.update", None),
        (f"{BASE}/webhooks/k/sale.update/more", None),
        (f"{BASE}/webhook/k/sale.update", None),
        (f"x{BASE}/webhooks/k/sale.update", None),
        ("https://shop.test/webhooks/k/sale.update", None),
        ("https://shop.test.evil.example/hooks/webhooks/k/sale.update", None),
        ("", None),
    ],
)
def test_only_what_is_under_our_address_is_ours(url: str, found: tuple[str, str] | None) -> None:
    assert taken_apart(url, BASE) == found


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "Lightspeed cannot reach http://127.0.0.1:8000"),
        ({"PUBLIC_URL": "http://localhost"}, "Lightspeed cannot reach http://localhost"),
        ({"PUBLIC_URL": "https://192.168.1.2/x"}, "Lightspeed cannot reach https://192.168.1.2/x"),
        ({"PUBLIC_URL": "https://shop.test"}, ""),
        ({"PUBLIC_URL": "http://[broken"}, ""),
        ({"LIGHTSPEED_ORIGIN": "http://localhost:8089/{domain_prefix}"}, ""),
        ({"LIGHTSPEED_ORIGIN": "http://127.0.0.1/{domain_prefix}", "PORT": "0"}, "PORT is 0"),
    ],
)
def test_an_address_of_this_network_is_of_use_to_a_simulator_alone(
    environ: dict[str, str], more: dict[str, str], said: str
) -> None:
    found = unreachable(load(Settings, environ | more))
    assert found.startswith(said)
    assert bool(found) is bool(said)

"""Where Lightspeed is, and which of its contracts is meant."""

from typing import Final

ORIGIN: Final = "https://{domain_prefix}.retail.lightspeed.app"
"""Where a store is."""
AUTHORIZE_URL: Final = "https://secure.retail.lightspeed.app/connect"
"""Where a retailer consents."""
API_VERSION: Final = "2026-07"
"""The contract that the actions are written after."""

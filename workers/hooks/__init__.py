"""Webhooks at Lightspeed that mend themselves: what is registered there against what is wanted."""

"""The edge: every way in. Webhooks, health, the command line."""

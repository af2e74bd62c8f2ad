"""The library: Lightspeed Retail X-Series, typed. Knows no queue and no environment."""

"""The operations of the API: one resource, one file."""

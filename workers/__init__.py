"""The engine: events in, jobs out."""

"""Lua that decides in Redis, for all processes at once."""

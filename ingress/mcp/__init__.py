"""Agents over MCP: a tool for each action. The protocol's SDK is imported when the first comes."""

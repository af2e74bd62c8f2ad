"""The API for programs: every action over HTTP, for whoever has a key."""

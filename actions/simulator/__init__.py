"""Lightspeed Retail X-Series on localhost: a stateful twin with its own tests.

It is built from the vendor's reference alone and imports nothing of ours outside this folder:
a twin derived from the client would only prove that the client agrees with itself.
"""

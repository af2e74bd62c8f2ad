"""The queues that are measured, each in a module of its own: ours and its peers.

`python -m tests.benchmarks.queues.NAME …` is a worker or a producer of that queue, as `ledger.py`
says. Peers run with a Python of their own, so nothing here imports us but `backroom.py`.
"""

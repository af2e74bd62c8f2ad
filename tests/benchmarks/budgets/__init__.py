"""Section `budget`: calls at the rate limit, judged by the simulator's own ledger."""

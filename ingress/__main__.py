"""`python -m ingress` is the `backroom` command."""

from ingress.commands import main

main()

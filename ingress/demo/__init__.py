"""`backroom demo`: the whole way of a webhook, in one terminal, with nothing to set up."""

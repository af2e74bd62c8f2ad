"""What is wrong with a set-up, and how to mend it: one finding for each check."""

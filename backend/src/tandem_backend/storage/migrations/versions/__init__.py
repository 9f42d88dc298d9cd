"""One file a step, each in one transaction (ST1)."""

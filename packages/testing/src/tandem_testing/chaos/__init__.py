"""Chaos: many clients edit while everything that can fail does, and an independent checker looks at the end."""

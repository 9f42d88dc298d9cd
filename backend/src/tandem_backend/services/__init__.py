"""What Tandem does: commands on tasks, accounts, and the publishing of events."""

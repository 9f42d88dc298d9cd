"""What `make bench` does: it measures Tandem, and named baselines in the same run."""

"""Many machines on one: every part of a large Tandem as a real process."""

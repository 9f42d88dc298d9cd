"""Part of Tandem."""

"""What Tandem's services share and what is not Tandem's idea: bus, tokens, limits, logging, settings."""

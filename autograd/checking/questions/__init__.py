"""The questions that a check asks about a gradient, each with evidence of its own."""

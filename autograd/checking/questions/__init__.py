"""The questions that a check answers about a gradient, each with independent evidence."""

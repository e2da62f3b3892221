"""Programs to check: graphs as data, generated at random, and reduced to the smallest that fails."""

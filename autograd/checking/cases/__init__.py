"""Programs to check: graphs as data, drawn at random, cut down to the smallest that fails."""

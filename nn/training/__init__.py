"""Training: the loop, checks of its arguments, checkpoints, and the history of a run."""

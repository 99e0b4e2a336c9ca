"""Rules about state: the loss reads something that is not its input."""

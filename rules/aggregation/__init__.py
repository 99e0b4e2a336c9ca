"""Rules about aggregation: what the training loop shows is not what was computed."""

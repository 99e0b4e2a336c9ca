"""Runs in the user's own interpreter, inside the training: needs Python 3.9, numpy, tensorflow and keras, and writes JSON lines."""

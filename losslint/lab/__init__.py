"""The laboratory: a flagged loss cut out of its file and run on small batches in the user's own TensorFlow."""

"""Rules on losslint's own comments."""

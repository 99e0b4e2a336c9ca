"""The abstract run: every loss walked along its paths, with four facts for each value."""

"""A pack of one rule, as somebody else would write it."""

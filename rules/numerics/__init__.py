"""Rules about numerics: NaN, infinity, lost digits."""

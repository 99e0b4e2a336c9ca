"""Gradients: nothing, or the wrong thing, is learnt."""

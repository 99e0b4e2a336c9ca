"""From the loss that training shows to the loss that the user computes: a chain of measured numbers."""

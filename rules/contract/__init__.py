"""Rules about the contract with Keras: what a loss, and code around it, must be for training to use it rightly."""

"""What an evaluation returns: its results, what is missing, and what is said of them."""

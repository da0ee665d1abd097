"""What the notebook has to offer: its tasks and metrics, found by name, and the choice among them."""

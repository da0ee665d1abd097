"""One cell: its task is called, what it returns is scored, priced and traced."""

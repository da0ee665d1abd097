"""How the file is opened, shared, written and let go of."""

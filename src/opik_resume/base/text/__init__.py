"""Text: JSON of what users hand us, exceptions, and what may be in neither."""

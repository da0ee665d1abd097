"""What the stand-in keeps, and what it has computed of it."""

"""What goes wrong when a test says so."""

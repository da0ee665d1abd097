"""What an experiment's metadata keeps: Opik's resume state and checkpoint, and names of our own."""

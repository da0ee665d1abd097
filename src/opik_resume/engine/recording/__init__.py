"""What workers bring is recorded, tried again, and never dropped."""

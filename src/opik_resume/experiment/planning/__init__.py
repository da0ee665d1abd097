"""What a resume would run: the plan, how it is chosen from, what it takes, and what has changed since."""

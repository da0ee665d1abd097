"""What an experiment is: its items, cells and attempts, what a resume would do with them, and its result. Runs nothing."""

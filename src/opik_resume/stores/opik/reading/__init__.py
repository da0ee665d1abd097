"""What a server has of the runs of an experiment, and what this process knows of them without asking."""

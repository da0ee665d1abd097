"""What the user's code prints, warns of and logs while it works on one run: kept with the run, not shown in a cell."""

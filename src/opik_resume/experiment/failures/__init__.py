"""Why cells are not complete: causes, groups of failures, and which pass by themselves."""

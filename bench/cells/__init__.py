"""Time and memory against the number of cells, ours on the embedded store beside what else one could do."""

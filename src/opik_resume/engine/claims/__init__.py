"""Who is on a cell: looked at before it is called, marked when its task outlives the run."""

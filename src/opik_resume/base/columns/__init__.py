"""Many ids, items and attempts as arrays: what a plan, a list and a picture of cells need, without an object for each."""

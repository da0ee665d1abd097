"""What goes to a server: finished runs from the journal, and whole datasets."""

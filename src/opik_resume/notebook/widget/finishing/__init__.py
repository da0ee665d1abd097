"""What a view would finish: its plans and their terms, and who is at it elsewhere."""

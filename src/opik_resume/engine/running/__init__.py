"""One run: how far it has come, the work on one job, who beats its lease, and who is told."""

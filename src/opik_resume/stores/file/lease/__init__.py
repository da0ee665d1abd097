"""Who runs what: leases, signs of life, and marks of tasks that still live."""

"""One run, from plan to result: prepare it under a lease, wait for it, conclude it."""

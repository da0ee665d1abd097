"""Campaigns: what must never happen is tried again and again, at random moments, with real processes.

    python -m bench.campaigns kill --rounds 100 --seed 1

A round has a folder, a database (or a stand-in server) and processes of its own. What its tasks were called with is in
a file outside, to which they append (``ledger.py``); in the end the store must have all of it, once. One line sums up:

    kill: 100 rounds, lost 0, twice 0, corrupted 0, hung 0, 203.1 s

The exit status is 1 when something was lost, paid for twice, corrupted or hung. Each round's moments follow from the seed
and its number alone: ``--first 17 --rounds 1`` plays round 17 again.
"""

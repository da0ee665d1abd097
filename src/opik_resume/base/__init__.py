"""The ground floor: the nouns, ids, JSON text, settings, and what an experiment's metadata keeps. Imports nothing above."""

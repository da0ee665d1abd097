"""What a look at cells tells: one of them, groups of them, all by a score, beside another experiment."""

"""What whoever waits for a run sees of it meanwhile: a line that is drawn again, a line now and then, or the live grid."""

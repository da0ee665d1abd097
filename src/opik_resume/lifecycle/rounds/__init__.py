"""A resume that goes on until its experiment is complete: in rounds, with growing pauses between them."""

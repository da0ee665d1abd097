"""What each endpoint does, and how rows look when they are read."""

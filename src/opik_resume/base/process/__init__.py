"""What a process does to what it holds: signals, forks, and its end."""

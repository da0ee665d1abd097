"""From a socket to an endpoint and back."""

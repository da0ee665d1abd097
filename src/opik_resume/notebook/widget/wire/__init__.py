"""What streams to the browser: key frames of states, and patches of them."""

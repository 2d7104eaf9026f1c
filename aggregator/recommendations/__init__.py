"""What to hear next: albums and artists the listener neither has nor knows, each with true reasons."""

"""What was listened to: reports of one play become one listen, and listens are counted."""

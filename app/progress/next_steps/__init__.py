"""What someone should do next."""

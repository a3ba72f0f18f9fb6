"""What is open to applications, in any college."""

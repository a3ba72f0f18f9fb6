"""The people of a college, found by name."""

"""Work handed in, as text or as a file."""

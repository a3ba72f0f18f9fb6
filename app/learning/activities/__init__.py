"""Activities done alone, and the page of any activity."""

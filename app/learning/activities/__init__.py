"""Activities done, and the page of an activity."""

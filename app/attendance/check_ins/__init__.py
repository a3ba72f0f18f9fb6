"""Self check-in: while it is open, whoever is on the roll of a session types the code that the room or call shows."""

"""Roll calls: who was present at a session, how, and for how many minutes."""

"""Roll calls: who was there, how, and for how many minutes."""

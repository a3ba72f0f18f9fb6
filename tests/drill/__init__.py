"""One drill of a whole installation: faults of production one after the other, under load (``make soak``)."""

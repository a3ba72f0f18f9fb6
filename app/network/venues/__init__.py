"""Venues where sessions are held: a college's own, or the network's, each with its address and time zone (BR-30)."""

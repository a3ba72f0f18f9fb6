"""The session as it happens: its step and its timer, whose turn it is, who is there; each touch is an event."""

"""Closed records of a session: presence and turns."""

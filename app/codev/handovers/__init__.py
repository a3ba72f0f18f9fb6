"""Turns as client that members hand over before a session: passed to whoever is willing, or swapped."""

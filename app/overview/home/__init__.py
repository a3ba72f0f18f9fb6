"""The home page, and who is signed in."""

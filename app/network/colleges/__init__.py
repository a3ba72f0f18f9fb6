"""Colleges as the administrator keeps them: the list, changes, closing and reopening."""

"""API tokens: access for a program to part of what its person may do."""

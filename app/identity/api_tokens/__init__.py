"""API tokens: a program's key to some of what its person may do."""

"""The attendance sheet of a session on paper: to sign before its roll is called, as it was recorded afterwards."""

"""Weekly series of sessions: all its days seen first, then planned at once; each is an ordinary session afterwards."""

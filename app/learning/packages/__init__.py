"""Packages to take away: an activity or a module as one ZIP, to read and to do without a network (S1)."""

"""The waitlist of a cohort: who waits, in which order, and the seats offered to them for some hours."""

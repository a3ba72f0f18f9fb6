"""Someone's path: what is done, what is left and why."""

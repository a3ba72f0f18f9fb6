"""The pages of a path followed: what is done, what is left and why."""

"""Works to judge: the hand-ins that the queue holds, what is decided on them without a level, and their state."""

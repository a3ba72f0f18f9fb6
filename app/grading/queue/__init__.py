"""The queue of hand-ins that wait for a trainer's judgement."""

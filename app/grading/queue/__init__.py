"""What waits for a trainer's judgement."""

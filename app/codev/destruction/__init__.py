"""The destruction of what a group wrote, under the schedule that its college confirmed (BR-11, BR-27)."""

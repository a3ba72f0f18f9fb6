"""What a change of a cohort's settings changes for people, shown before it is confirmed."""

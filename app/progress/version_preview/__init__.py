"""What another version of the path would change for the people of a cohort, shown before anyone moves (S8)."""

"""What is on offer: colleges and paths for a new cohort, and cohorts that take applications."""

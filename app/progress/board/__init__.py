"""Where everyone of a cohort is."""

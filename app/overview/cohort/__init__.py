"""A cohort's page with its board."""

"""What a coordinator changes of a cohort: its title, place, dates, seats, late-join limit and grace period."""

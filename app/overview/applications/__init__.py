"""The page of a cohort's applications, with what admitting someone now would leave them to catch up."""

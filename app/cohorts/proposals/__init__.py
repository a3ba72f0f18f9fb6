"""Changes of state that take two people: a failure, a completion without eligibility, a completion taken back."""

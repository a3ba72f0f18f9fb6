"""Changes of state that take two people: a completion without eligibility, a completion taken back."""

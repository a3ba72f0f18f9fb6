"""One's account: passwords, suspension, and accounts that a college opens."""

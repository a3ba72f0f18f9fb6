"""Change of the address of an account, by its owner alone: the password, then a link sent to the new address."""

"""Who may do what: permissions, the actor, the guards of routes, the keyring and rate limits."""

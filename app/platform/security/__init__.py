"""Security: permissions, the actor, the guards of routes, the keyring, rate limits."""

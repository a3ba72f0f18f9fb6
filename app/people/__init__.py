"""People, global to the network: their names, their consents, who looked at their file."""

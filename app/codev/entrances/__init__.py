"""Entrances to groups that have begun: announced to the members, who may be concerned, before they take effect (S2)."""

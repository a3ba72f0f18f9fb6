"""Preparation sheets: what a member prepares for a session, read by the group and its facilitator alone (BR-11)."""

"""The confirmation of milestones by a second person: what the funder counts rests on two people's word."""

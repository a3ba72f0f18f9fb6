"""What a member takes out of the group by their own choice, without names, as evidence of CN-11 (BR-11, BR-12)."""

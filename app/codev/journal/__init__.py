"""The journal of a member of a group: entries that nobody but their author reads (BR-11)."""

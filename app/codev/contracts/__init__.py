"""The contract of a group: its text, and who has agreed to it with whom."""

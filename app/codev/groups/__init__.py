"""Groups, their members and facilitators, and management links between people (BR-10)."""

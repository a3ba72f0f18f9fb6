"""Groups, their members and facilitators, and line-management links that keep people apart."""

"""Sessions of groups: their dates, roles and the rotation of the client role."""

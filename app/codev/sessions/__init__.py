"""Sessions of a group: dates, roles and the rotation of clients."""

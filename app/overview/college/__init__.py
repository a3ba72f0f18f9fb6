"""A college's page for the administrator: what it is, what goes on there, the forms that change it."""

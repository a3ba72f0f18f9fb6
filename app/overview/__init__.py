"""Pages that gather from several rooms; nothing imports this one."""

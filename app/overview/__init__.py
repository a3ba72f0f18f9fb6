"""Pages that gather from several features; nothing imports this one."""

"""The demo network: invented people in invented colleges, populated through the services."""

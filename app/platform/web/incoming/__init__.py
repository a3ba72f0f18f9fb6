"""What comes in: through which proxies, with which parameters, in which characters."""

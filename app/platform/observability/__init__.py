"""What operators see of the service: logs, metrics, traces, and the checks behind health and ``escouade doctor``."""

"""The state of the deployment: its checks, the hash chain of its audit record, its files, its settings in force."""

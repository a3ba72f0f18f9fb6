"""The background jobs: how each kind stands, those that failed, the processes that run them."""

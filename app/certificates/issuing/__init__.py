"""Who may get a certificate, and the decision to issue it."""

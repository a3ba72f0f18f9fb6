"""What people read: texts by key in their language, and the outbox of e-mail messages."""

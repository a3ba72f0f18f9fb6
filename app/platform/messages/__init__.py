"""Messages for people: catalogue texts in their language, and the outbox of e-mail messages."""

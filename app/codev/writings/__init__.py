"""What members write after a session for their group: what they learned, and notes of a consultation (BR-11)."""

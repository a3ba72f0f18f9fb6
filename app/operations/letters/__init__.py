"""The letters of the service and their delivery, without their texts, and what to do about one that stays behind."""

"""The stored progress of enrolments, as their participants and trainers read it."""

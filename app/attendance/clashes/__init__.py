"""What else a session's people, trainers and venue are taken by at its moment: a warning, never a refusal."""

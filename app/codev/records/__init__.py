"""Records of sessions: presences and turns."""

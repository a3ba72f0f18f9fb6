"""Files sent in parts, so that a line that is cut loses the last part alone; a hand-in then names the whole."""

"""One's own texts in a group, to keep: sheets, learnings, notes, actions and journal, before they are destroyed."""

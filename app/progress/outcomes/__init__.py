"""What each activity amounts to alone, before what must come before it."""

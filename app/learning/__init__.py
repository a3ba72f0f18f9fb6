"""What participants do alone: activities, hand-ins and field hours, and the facts they give to progress."""

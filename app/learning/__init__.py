"""What participants do by themselves: activities done, hand-ins and field hours."""

"""What is judged in the demo network, what is contested, and what is assessed by two."""

"""The profiles of expertise that the demo network should contain."""

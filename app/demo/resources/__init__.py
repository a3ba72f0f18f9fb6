"""The directory of resources that the demo network should contain."""

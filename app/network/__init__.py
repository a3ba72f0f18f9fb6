"""The network of colleges: regions, colleges, projects and their targets."""

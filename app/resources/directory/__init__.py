"""The directory of resources: organisations, services and aid programmes, each kept up by a college, read by all."""

"""Documents of a workshop that its trainers share with the whole cohort; replaced and withdrawn with their history."""

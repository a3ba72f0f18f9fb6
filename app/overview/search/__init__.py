"""The search of every page: people, cohorts, activities, enterprises, and certificates by their number."""

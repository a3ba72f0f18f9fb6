"""The level reached in each competency, with how much it rests on: evidence, activities, assessors."""

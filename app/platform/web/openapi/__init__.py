"""The API's OpenAPI description, and the vocabulary that its descriptions and examples come from."""

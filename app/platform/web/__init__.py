"""The web layer: middleware, dependencies, pages, forms, problems, idempotency, the API's description."""

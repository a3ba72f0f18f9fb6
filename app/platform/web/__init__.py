"""HTTP: the request guard, strict bodies, pages, problems, forms, dependencies, OpenAPI and idempotency keys."""

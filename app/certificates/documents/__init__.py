"""The PDF of a certificate: rendered, signed, stored by its digest."""

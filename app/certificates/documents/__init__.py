"""The PDF of a certificate: laid out, signed, kept by its digest."""

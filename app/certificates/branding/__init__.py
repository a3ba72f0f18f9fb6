"""A college's branding: colours, logo, signatories and their signatures."""

"""Keys of an OpenID provider, and the tokens that it signs with them."""

from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

RSA = RSAKey.generate_key(2048, {"kid": "un", "use": "sig"})
OTHER_RSA = RSAKey.generate_key(2048, {"kid": "un"})
EC = ECKey.generate_key("P-256", {"kid": "deux"})

Claims = dict[str, Any]


def signed(claims: Claims, key: RSAKey | ECKey = RSA, alg: str = "RS256") -> str:
    """Return a signed ID token."""
    return jwt.encode({"alg": alg, "kid": key.kid}, claims, key, algorithms=[alg])

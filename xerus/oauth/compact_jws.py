"""Taking a compact JWS (RFC 7515 3.1) apart, before anything in it is believed."""

from joserfc import jws
from joserfc.errors import DecodeError
from joserfc.jws import CompactSignature


def extract(token: str) -> CompactSignature:
    """Return the parts of a compact JWS.

    Raises:
        JoseError: it is none; also where its header is no object, as joserfc takes any text that
            contains "alg".
        ValueError: it is not ASCII.
    """
    compact = jws.extract_compact(token.encode("ascii"))
    header: object = compact.headers()
    if not isinstance(header, dict):
        raise DecodeError("the header of the token is no object")
    return compact

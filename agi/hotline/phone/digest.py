"""The proof of a password to a SIP server, without telling it (RFC 2617 in RFC 3261, section 22)."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field

from hotline.phone.errors import CallClosed


@dataclass(frozen=True)
class Credentials:
    """An account at a SIP server."""

    user: str
    password: str = field(repr=False)

    def answer(self, challenge: str, method: str, uri: str) -> str:
        """Return the Authorization header that answers the value of a WWW-Authenticate header.

        Raises:
            CallClosed: the server asks for something else than MD5 with `auth`, which is what Asterisk asks for.
        """
        told = {name.lower(): quoted or bare for name, quoted, bare in _PART.findall(challenge)}
        if told.get("algorithm", "MD5") != "MD5" or "auth" not in told.get("qop", "").split(","):
            raise CallClosed("the server asks for a proof of the password that we can't give")
        realm, nonce, ours = told["realm"], told["nonce"], secrets.token_hex(8)
        who, what = _md5(f"{self.user}:{realm}:{self.password}"), _md5(f"{method}:{uri}")
        proof = _md5(f"{who}:{nonce}:00000001:{ours}:auth:{what}")
        opaque = f', opaque="{told["opaque"]}"' if "opaque" in told else ""
        return (
            f'Authorization: Digest username="{self.user}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
            f'response="{proof}", algorithm=MD5, qop=auth, nc=00000001, cnonce="{ours}"{opaque}'
        )


_PART = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

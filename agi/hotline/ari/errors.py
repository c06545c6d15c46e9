"""What can go wrong between us and Asterisk, named by meaning.

    AriError
    ├── ConnectionLost      no answer: refused, reset, closed, or not an answer we can read
    │   └── Unavailable     Asterisk is there but starting or stopping (503)
    ├── TimedOut            no answer within the time limit; the request may still have been done
    ├── Gone                what the request was about is not ours any more
    │   ├── NotFound        the channel, playback or application does not exist (404)
    │   └── NotInStasis     the channel lives, but has left our application (409)
    ├── InvalidState        the channel cannot do this now (412)
    ├── Conflict            it is there already, or somebody else has it (other 409)
    ├── Rejected            Asterisk would not do it: a wrong parameter, or a fault of its own (400, 422, 500 …)
    └── Fatal               trying again cannot help; `Client.run` ends with one of these
        ├── Refused         user or password is wrong, or the user may only read (401, 403)
        ├── Replaced        another client took our application name; we are deaf from now on
        └── CannotListen    a `Listener` cannot have its address

No message holds a credential, a query string, a request's body or the text of an HTTP library's exception: those carry
the headers of the request, and with them the password. For the same reason none has a cause or context.
"""

from __future__ import annotations


class AriError(Exception):
    """The base of all errors of this package.

    Attributes:
        said: what Asterisk said about it, word for word; empty if it said nothing.
    """

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said


class ConnectionLost(AriError):
    """No answer: the connection could not be made or broke."""


class Unavailable(ConnectionLost):
    """Asterisk listens but is starting or stopping."""


class TimedOut(AriError):
    """No answer within the time limit; the request may still have been done."""


class Gone(AriError):
    """What the request was about is not ours any more."""


class NotFound(Gone):
    """The channel, playback or application does not exist."""


class NotInStasis(Gone):
    """The channel lives but has left our application."""


class InvalidState(AriError):
    """The channel cannot do this in its present state."""


class Conflict(AriError):
    """It exists already, or somebody else has it."""


class Rejected(AriError):
    """Asterisk would not do it: a wrong parameter, or a fault of its own."""


class Fatal(AriError):
    """Trying again cannot help."""


class Refused(Fatal):
    """The user or password is wrong, or the user may only read."""


class Replaced(Fatal):
    """Another client took our application name.

    Reconnecting would take it back, and the other would do the same, for ever.
    """


class CannotListen(Fatal):
    """The address at which Asterisk is to connect to us cannot be had."""


_BY_STATUS: dict[int, type[AriError]] = {
    400: Rejected,
    401: Refused,
    403: Refused,
    404: NotFound,
    409: Conflict,
    412: InvalidState,
    422: Rejected,
    503: Unavailable,
}


def from_answer(status: int, request: str, message: str) -> AriError:
    """Return the error that an HTTP answer means.

    Args:
        status: the status code, 300 or more.
        request: method and path, without the query.
        message: what Asterisk says about it; may be empty.
    """
    kind = _BY_STATUS.get(status, Rejected)
    if kind is Refused:
        return Refused(f"Asterisk refused {request}: check user and password, and that ari.conf lets the user write")
    if kind is Conflict and "stasis" in message.lower():
        kind = NotInStasis
    return kind(f"{request}: {message or f'answered {status}'}", message)

"""What can't be done with versions of the menu.

PublishingError
 ├─ NoDraft            there is none to publish or to discard
 ├─ NoSuchVersion      none has this number
 ├─ PublishedMeanwhile another version went live since
 ├─ RolledBackAlready  going back once more would bring back what was wrong
 └─ NothingToChange    the menu is that way already
"""

from __future__ import annotations


class PublishingError(Exception):
    """Anything this room raises; the message says what to do."""


class NoDraft(PublishingError):
    """There is no draft."""


class NoSuchVersion(PublishingError):
    """No version has this number."""


class PublishedMeanwhile(PublishingError):
    """Another version went live since the one that this is based on: it would be undone unseen."""


class RolledBackAlready(PublishingError):
    """What is live came by a rollback; the version before it is the one that was wrong."""


class NothingToChange(PublishingError):
    """The menu is that way already."""

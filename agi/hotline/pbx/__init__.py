"""The private Asterisk of demo and tests: its root file system, its configuration, its start and stop.

And what can be said of any switchboard's configuration.
"""

from hotline.pbx.asterisk import PrivateAsterisk
from hotline.pbx.errors import PbxUnavailable
from hotline.pbx.ports import Ports
from hotline.pbx.root import debian_mirror, install_root
from hotline.pbx.secrets import require_own_secrets
from hotline.pbx.site import Ami, Outbound, PhoneAccount, Site, SiteError, Tls

__all__ = [
    "Ami",
    "Outbound",
    "PbxUnavailable",
    "PhoneAccount",
    "Ports",
    "PrivateAsterisk",
    "Site",
    "SiteError",
    "Tls",
    "debian_mirror",
    "install_root",
    "require_own_secrets",
]

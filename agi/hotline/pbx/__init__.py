"""The private Asterisk of demo and tests: its root file system, its configuration, its start and stop.

And what can be said of any switchboard's configuration.
"""

from hotline.pbx.asterisk import PrivateAsterisk
from hotline.pbx.console import Console
from hotline.pbx.errors import PbxUnavailable, SiteError
from hotline.pbx.phones import PhoneAccount, PhonesFile, new_password
from hotline.pbx.ports import Ports
from hotline.pbx.root import debian_mirror, install_root
from hotline.pbx.secrets import require_own_secrets
from hotline.pbx.site import Ami, Canary, Outbound, Site, Tls

__all__ = [
    "Ami",
    "Canary",
    "Console",
    "Outbound",
    "PbxUnavailable",
    "PhoneAccount",
    "PhonesFile",
    "Ports",
    "PrivateAsterisk",
    "Site",
    "SiteError",
    "Tls",
    "debian_mirror",
    "install_root",
    "new_password",
    "require_own_secrets",
]

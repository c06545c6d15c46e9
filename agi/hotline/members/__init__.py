"""The register of members: imported, exported, added, changed; each deed audited, no password ever seen."""

from hotline.members.csv_file import MembersFile
from hotline.members.errors import (
    ChangeRefused,
    FileMalformed,
    FileUnwritable,
    ImportUnderWay,
    MemberExists,
    NoSuchMember,
    RegisterError,
    RowMalformed,
    RowsRefused,
)
from hotline.members.exporting import export_members
from hotline.members.importing import Imported, Refused, import_members
from hotline.members.register import Field, Register, Shown
from hotline.members.row import MemberRow, parsed

__all__ = [
    "ChangeRefused",
    "Field",
    "FileMalformed",
    "FileUnwritable",
    "ImportUnderWay",
    "Imported",
    "MemberExists",
    "MemberRow",
    "MembersFile",
    "NoSuchMember",
    "Refused",
    "Register",
    "RegisterError",
    "RowMalformed",
    "RowsRefused",
    "Shown",
    "export_members",
    "import_members",
    "parsed",
]

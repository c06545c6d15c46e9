"""One member as a row of text, and a file of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.members import FileMalformed, MemberRow, MembersFile, RowMalformed
from hotline.members.csv_file import LONGEST_LINE

HEADER = "phone,insurance_number,personal_number,full_name,email\n"
GOOD = "0912345678,0123456789,001085012345,Nguyễn Văn Mẫu,mau@example.com\n"
MEMBER = MemberRow("+84912345678", "0123456789", "001085012345", "Nguyễn Văn Mẫu", "mau@example.com")


@pytest.fixture
def read(tmp_path):
    """Reads a file of this content."""

    def rows(content: str | bytes):
        path = tmp_path / "members.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with MembersFile(path) as file:
            return [(line, str(row) if isinstance(row, RowMalformed) else row) for line, row in file.rows()]

    return rows


@pytest.mark.parametrize(
    "content",
    [
        HEADER + GOOD,
        "\ufeff" + HEADER + GOOD,
        (HEADER + GOOD).replace("\n", "\r\n"),
        (HEADER + GOOD).replace(",", ";"),
        (HEADER + GOOD).replace(",", "\t"),
        (HEADER + GOOD).rstrip("\n"),
        HEADER.upper() + GOOD,
        (
            "full_name,email,phone,insurance_number,personal_number\n"
            '"Nguyễn Văn Mẫu",mau@example.com,+84912345678,0123456789,001085012345\n'
        ),
        HEADER + GOOD.replace("Nguyễn", "Nguye\u0302\u0303n"),
        HEADER + GOOD.replace("0912345678", " 84912345678 "),
    ],
    ids=["plain", "bom", "crlf", "semicolons", "tabs", "no-last-newline", "capitals", "order", "decomposed", "spaces"],
)
def test_a_member_is_read_however_the_file_was_saved(read, content):
    """Byte order mark, line ends, separator, order of columns and Unicode form make no difference."""
    assert read(content) == [(2, MEMBER)]


def test_an_old_number_of_eleven_digits_becomes_the_one_that_replaced_it(read):
    """A phone stored before September 2018 is imported as it is called today (SPEC §3)."""
    ((_, member),) = read(HEADER + GOOD.replace("0912345678", "01201234567"))
    assert member.phone == "+84701234567"


def test_what_may_be_left_out_may_be_left_out(read):
    """A file without e-mails and personal numbers is one all the same."""
    rows = read("phone,insurance_number,full_name\n0912345678,0123456789,Mẫu\n")
    assert rows == [(2, MemberRow("+84912345678", "0123456789", None, "Mẫu", None))]


def test_empty_lines_are_no_rows(read):
    """An empty line is passed over, and the lines after keep their numbers."""
    assert [line for line, _ in read(HEADER + "\n" + GOOD + "  \r\n" + GOOD)] == [3, 5]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("0912345678,123456789,,Mẫu,", "insurance_number: must have 10 digits; a spreadsheet may have dropped its"),
        ("0912345678,0123456789,1085012345,Mẫu,", "personal_number: must have 12 digits"),
        ("0912345678,０１２３４５６７８９,,Mẫu,", "insurance_number: must have 10 digits"),
        ("09123,0123456789,,Mẫu,", "phone: a phone number has 8 to 15 digits"),
        ("+33123456789,0123456789,,Mẫu,", "phone: a phone number of another country"),
        ("0912345678,0123456789,,,", "full_name: must have 1 to 200 characters"),
        (f"0912345678,0123456789,,{'a' * 201},", "full_name: must have 1 to 200 characters"),
        ("0912345678,0123456789,,=HYPERLINK(1),", "full_name: has a character that no name has"),
        ("0912345678,0123456789,,Mẫu\x07,", "full_name: has a character that no name has"),
        ("0912345678,0123456789,,Mẫu,no address", "email: is no address"),
        ("0912345678,0123456789,,Mẫu", "has 4 values, the header 5"),
        ('0912345678,0123456789,,"Mẫu,', "its quotes do not match"),
        ('0912345678,0123456789,,"Mẫu"x,', "its quotes do not match"),
        ("0912345678,0123456789,,M\0ẫu,", "its quotes do not match"),
    ],
)
def test_a_bad_row_says_what_is_wrong_and_spoils_no_other(read, row, reason):
    """Each fault is told by column and reason, and the next row is read."""
    (line, told), after = read(HEADER + row + "\n" + GOOD)
    assert line == 2
    assert told.startswith(reason)
    assert after == (3, MEMBER)


def test_bytes_that_are_no_utf_8_spoil_one_row(read):
    """A row in another encoding is refused by itself."""
    rows = read((HEADER + GOOD).encode() + b"0912345678,0123456789,,M\xe3u,\n" + GOOD.encode())
    assert rows == [(2, MEMBER), (3, "is not UTF-8"), (4, MEMBER)]


def test_an_endless_line_spoils_one_row(read):
    """A line longer than any honest one is refused without being held in memory."""
    rows = read(HEADER + "x" * (LONGEST_LINE * 3) + "\n" + GOOD)
    assert rows == [(2, "is longer than 4096 bytes"), (3, MEMBER)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no column full_name"),
        (GOOD, r"no column is called that \(is the header missing\?\)"),
        ("phone,full_name\n", "no column insurance_number"),
        (HEADER.replace("email", "e_mail"), "no column is called “e_mail”"),
        ("phone,phone,insurance_number,full_name\n", "a column is there twice"),
        ((HEADER + GOOD).encode("utf-16"), "is UTF-16; save it as “CSV UTF-8”"),
        (b"ph\xf6ne,\n", "is not UTF-8"),
    ],
)
def test_a_file_that_is_no_list_of_members_is_refused_whole(read, content, reason):
    """A wrong header is told before anything is read, with what is wanted."""
    with pytest.raises(FileMalformed, match=reason):
        read(content)


def test_a_file_that_is_not_there_is_told(tmp_path):
    """A wrong path is one clear message."""
    with pytest.raises(FileMalformed, match="can't be read: No such file"):
        MembersFile(tmp_path / "none.csv")


@given(st.lists(st.binary(max_size=200)))
def test_no_bytes_break_the_reader(tmp_path_factory, lines):
    """Whatever stands in the file, each row is a member or a reason, and no reason shows a number."""
    path = tmp_path_factory.mktemp("fuzz") / "members.csv"
    path.write_bytes(HEADER.encode() + b"\n".join(lines))
    with MembersFile(path) as file:
        for _, row in file.rows():
            assert isinstance(row, MemberRow | RowMalformed)
            assert repr(row) == "MemberRow(hidden)" or isinstance(row, RowMalformed)

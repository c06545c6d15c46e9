import numpy as np
import pytest

from hotline.phone.g711 import A_LAW, MU_LAW


@pytest.mark.parametrize(
    ("law", "byte", "level"),
    [
        (A_LAW, 0xD5, 8),
        (A_LAW, 0x55, -8),
        (A_LAW, 0xAA, 32256),
        (A_LAW, 0x2A, -32256),
        (A_LAW, 0x80, 5504),
        (MU_LAW, 0xFF, 0),
        (MU_LAW, 0x80, 32124),
        (MU_LAW, 0x00, -32124),
        (MU_LAW, 0xF0, 120),
    ],
)
def test_decodes_as_g711_says(law, byte, level):
    """Each byte has the level of the recommendation's table."""
    assert law.decode(bytes([byte])).tolist() == [level]


def test_encoding_undoes_decoding():
    """What a softphone decoded is turned back into the very bytes it received."""
    assert A_LAW.encode(A_LAW.decode(bytes(range(256)))) == bytes(range(256))


def test_encodes_to_the_nearest_level():
    """A level between two steps becomes the nearer one, and one beyond the last becomes the last."""
    samples = np.array([11, 13, 32767, -32768], np.int16)
    assert A_LAW.decode(A_LAW.encode(samples)).tolist() == [8, 8, 32256, -32256]

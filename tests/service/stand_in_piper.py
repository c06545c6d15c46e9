"""A stand-in for the program `piper` of piper-tts 1.8: its command line and its files, and a hum for a voice.

What is in the voice's file tells how it fares: `hangs`, `dies`, `is short of one`, or nothing of these.
"""

import argparse
import math
import struct
import sys
import time
import wave
from pathlib import Path


def main() -> None:
    """Hum a line of standard input for as long as it has letters, each into a file named by the time."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-m", "--model", required=True)
    parser.add_argument("-d", "--output-dir", "--output_dir", type=Path)
    parser.add_argument("--length-scale", "--length_scale", type=float)
    arguments, unknown = parser.parse_known_args()
    if unknown:
        sys.exit("what is not an option is a text to speak, and then standard input is not read")
    manner = Path(arguments.model).read_text(encoding="utf-8")
    if "dies" in manner:
        raise ValueError("not a model")
    if "hangs" in manner:
        time.sleep(60)
    for text in sys.stdin.readlines()["is short of one" in manner :]:
        samples = round(800 * len(text.strip()) * arguments.length_scale)
        hum = (round(9000 * math.sin(nth / 16)) for nth in range(samples))
        with wave.open(str(arguments.output_dir / f"{time.monotonic_ns()}.wav"), "wb") as file:
            file.setparams((1, 2, 22_050, samples, "NONE", ""))
            file.writeframes(b"".join(struct.pack("<h", sample) for sample in hum))


if __name__ == "__main__":
    main()

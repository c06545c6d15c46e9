"""Fuzzing led by coverage (atheris, libFuzzer): whatever comes from outside is understood or refused by name."""

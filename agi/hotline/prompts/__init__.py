"""From the script to sound files, and from a spoken secret to a nameless file."""

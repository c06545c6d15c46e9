"""Programs that measure the hotline, one command each: a table with goals, a chart, raw data (README.md)."""

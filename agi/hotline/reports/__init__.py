"""What the records say of the calls: lists of them, and sums of a day, a week or a month, with masked numbers only."""

from hotline.reports.calls import CallBook
from hotline.reports.errors import PictureUnavailable, ReportError
from hotline.reports.period import Period
from hotline.reports.picture import draw
from hotline.reports.summary import Summary, summary

__all__ = ["CallBook", "Period", "PictureUnavailable", "ReportError", "Summary", "draw", "summary"]

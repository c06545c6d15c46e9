"""Where a channel becomes a call: one door for each way Asterisk hands calls over."""

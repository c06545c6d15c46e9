"""Does the time to an answer tell a caller which of phone and insurance number is known (SPEC §3)?

At the desk: the rules and the database alone. On the phone: real calls, timed by the packets that passed.
"""

"""How many digits of a password are misheard over the phone (SPEC §4), told by an offline recogniser of Vietnamese.

Passwords are drawn by the rules of the real generator, read out as a call reads them, sent over a model of the line,
and recognised. A recogniser is no citizen: it tells voices and digits apart, and its figures are not those of people.
"""

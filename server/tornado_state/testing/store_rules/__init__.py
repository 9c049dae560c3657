"""The rules of the store contract.

base.py       what a store's author overrides, and how a rule is run
records.py    what is there and what is not; what goes in comes out
versions.py   compare and swap
expiry.py     the idle clock
crowds.py     many at once, and those who leave
arguments.py  what is refused before anything happens
outages.py    no answer is no answer
"""

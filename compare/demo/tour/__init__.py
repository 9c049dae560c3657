"""The tour: six questions, each answered by what then happens to the visitor's own state.

step.py      what a step is
read.py  steal.py  password.py  cart.py  tabs.py  store.py
             one step each
steps.py     all of them, in order
playing.py   playing them, beat by beat, on both sides
objections.py  what people say to it, and what was measured
"""

"""The tests. A package by name, so that no other of that name among the installed ones is taken for it."""

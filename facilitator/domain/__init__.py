"""Frozen types and pure rules of a focus-group study. Standard library only; nothing here reads a file or a clock."""

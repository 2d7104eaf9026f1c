"""Bandstand: one library made of everything a listener's services know."""

__version__ = "0.1.0"

"""Shorthand for the spellings of a catalogue entry."""

from __future__ import annotations


def each(namespaces: str, names: str, order: str = "") -> str:
    """Every name in every namespace: ``each("tf K", "log log1p")`` is ``tf.log K.log tf.log1p K.log1p``; ``.`` is a method.

    `order` is the order of parameters that all of them have, ``(y,x)``.
    """
    return " ".join(f".{name}" if space == "." else f"{space}.{name}{order}" for name in names.split() for space in namespaces.split())

"""Opik's filter language over dataset items: parse a string once, then match items or send it to a server.

::

    data.category = "odd" and data."full name" contains "ann"

A string is a list of conditions joined by ``and``; there is no ``or``. A condition is a field, an operator and a value: a
number, or text in double quotes, in which ``""`` stands for a quote. ``data`` takes a key, quoted when it holds anything but
letters, digits and ``_``.

What can be written is what the ``opik`` package takes (2.2.122, ``opik_query_language.py``), less what the server answers
with 400: an unknown field, ``data`` without a key, a blank value of a text field, a time that is none. These are refused
here at once, because ``evaluate`` must not leave an experiment behind whose filter nobody can read.
"""

from opik_resume.datasets.filters.filter import Filter
from opik_resume.datasets.filters.language import Condition
from opik_resume.datasets.filters.parser import parse

__all__ = ["Condition", "Filter", "parse"]

"""Templates that somebody else wrote, rendered where they can do no harm.

A template of a user or of a model file is a program. It runs in a process of its own, under limits
of time and memory that the kernel keeps, in Jinja's immutable sandbox, on plain data. It reaches
no file: what it may include is read before and handed to it as text.
"""

from pv.sandbox.errors import ForbiddenError, LimitError, MissingValueError, TemplateError
from pv.sandbox.folder import read_folder
from pv.sandbox.process import Sandbox, render
from pv.sandbox.rules import LIMITS, RULES, Function, Limits, Missing, Rules

__all__ = [
    "LIMITS",
    "RULES",
    "ForbiddenError",
    "Function",
    "LimitError",
    "Limits",
    "Missing",
    "MissingValueError",
    "Rules",
    "Sandbox",
    "TemplateError",
    "read_folder",
    "render",
]

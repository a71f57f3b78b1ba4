"""What can be wrong with a template, each with the template, the line and what to do."""

from __future__ import annotations

from pv.errors import BadInputError


class TemplateError(BadInputError):
    """A template that cannot be read, or that failed on the values it was given."""


class MissingValueError(TemplateError):
    """A template asks for a value that is not there: an error, never a blank."""


class ForbiddenError(TemplateError):
    """A template reaches for what no template may have."""


class LimitError(TemplateError):
    """A template asks for more size, time or memory than it is given."""

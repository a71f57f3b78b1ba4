"""libyaml's complaints, said with the place where the cause stands and what to do about it."""

from typing import NamedTuple

from yaml.error import MarkedYAMLError, YAMLError

from pv.marks import Mark, Span
from pv.yamlfile.intake import mark_at
from pv.yamlfile.problems import Problem, ProblemCode


class _Complaint(NamedTuple):
    fragment: str
    """What libyaml's text contains."""
    code: ProblemCode
    message: str
    advice: str
    at_context: bool = False
    """The cause stands where the construct begins, not where libyaml gave up."""


_QUOTE = "quote the text"
_COMPLAINTS = (
    _Complaint(
        "tab character that violates",
        ProblemCode.TAB_INDENT,
        "found a tab in the indentation",
        "indent with spaces",
    ),
    _Complaint(
        "mapping values are not allowed",
        ProblemCode.SYNTAX,
        "expected a value, found another key",
        "quote a text that holds a colon followed by a blank",
    ),
    _Complaint(
        "block sequence entries are not allowed",
        ProblemCode.SYNTAX,
        "a list may not start here",
        "start the list on the next line, or quote a text that starts with a dash",
    ),
    _Complaint(
        "expected comment or line break",
        ProblemCode.SYNTAX,
        "expected the end of the line after a block indicator",
        "quote a text that starts with | or >, or write it as a block",
        at_context=True,
    ),
    _Complaint(
        "expected '-' indicator",
        ProblemCode.SYNTAX,
        "expected a list entry starting with a dash",
        "start the entry with a dash, or indent it as part of the entry before",
    ),
    _Complaint(
        "did not find expected key",
        ProblemCode.SYNTAX,
        "expected a key at the indentation of its neighbours",
        "check indentation and quotes on this line and the one before",
    ),
    _Complaint(
        "could not find expected ':'",
        ProblemCode.SYNTAX,
        "expected a colon after this key",
        "add the colon, or indent the line if it continues the text above",
        at_context=True,
    ),
    _Complaint(
        "unexpected end of stream",
        ProblemCode.SYNTAX,
        "quotes are never closed",
        "close the quotes",
        at_context=True,
    ),
    _Complaint(
        "unexpected document indicator",
        ProblemCode.SYNTAX,
        "quotes are never closed",
        "close the quotes",
        at_context=True,
    ),
    _Complaint(
        "expected ',' or",
        ProblemCode.SYNTAX,
        "a bracket is never closed, or a comma is missing",
        "close the bracket",
        at_context=True,
    ),
    _Complaint(
        "Unicode character escape code",
        ProblemCode.BAD_ESCAPE,
        "escape stands for half a character or none",
        "write the character itself, or its \\U escape of eight digits",
    ),
    _Complaint(
        "unknown escape character",
        ProblemCode.BAD_ESCAPE,
        "unknown escape in double quotes",
        "write \\\\ for a backslash, or use single quotes",
    ),
    _Complaint(
        "did not find expected hexdecimal number",
        ProblemCode.BAD_ESCAPE,
        "escape lacks hexadecimal digits",
        "write \\\\ for a backslash, or use single quotes",
    ),
    _Complaint(
        "expected node content",
        ProblemCode.SYNTAX,
        "expected a value, found a bracket or comma",
        "write the value, or quote a text that holds brackets or commas",
    ),
    _Complaint(
        "found unexpected ':'",
        ProblemCode.SYNTAX,
        "found a colon inside a text between brackets",
        "put a blank behind the colon if it ends a key, else quote the text",
    ),
    _Complaint(
        "unknown directive name",
        ProblemCode.SYNTAX,
        "unknown directive",
        "remove the line, or quote a text that starts with %",
        at_context=True,
    ),
    _Complaint(
        "incompatible YAML document",
        ProblemCode.YAML_VERSION,
        "expected %YAML 1.2 or 1.1",
        "remove the directive",
    ),
    _Complaint(
        "expected <document start>",
        ProblemCode.SYNTAX,
        "expected the end of the file",
        "remove what follows, or indent it as part of the content above",
    ),
    _Complaint(
        "undefined tag handle",
        ProblemCode.SYNTAX,
        "explicit tag with an unknown handle",
        "remove the tag; quote a text that starts with !",
    ),
)


def explain_syntax(fault: YAMLError, text: str, file: str) -> Problem:
    """Return what libyaml found as a problem of ours."""
    if not isinstance(fault, MarkedYAMLError):  # it refuses a character that we let through
        return _at(text, file, 0, _Complaint("", ProblemCode.SYNTAX, _plain(str(fault)), ""))
    said = f"{fault.problem or ''} {fault.context or ''}"
    index = _index(fault.problem_mark, text)
    if "cannot start any token" in said:
        return _at(text, file, index, _stray(text[index : index + 1]))
    for complaint in _COMPLAINTS:
        if complaint.fragment in said:
            mark = fault.context_mark if complaint.at_context else None
            return _at(text, file, _index(mark or fault.problem_mark, text), complaint)
    words = ", ".join(part for part in (fault.context, fault.problem) if part)
    return _at(text, file, index, _Complaint("", ProblemCode.SYNTAX, _plain(words), _QUOTE))


def _stray(character: str) -> _Complaint:
    if character == "\t":
        return _COMPLAINTS[0]
    return _Complaint(
        "",
        ProblemCode.SYNTAX,
        f"no value may start with {character}" if character.isprintable() else "stray character",
        _QUOTE,
    )


def _index(mark: object, text: str) -> int:
    """Return the character offset of a mark, at most the end of the text."""
    index = getattr(mark, "index", 0)
    return min(int(index), len(text))


def _plain(said: str) -> str:
    return "not YAML: " + " ".join(said.split())


def _at(text: str, file: str, index: int, complaint: _Complaint) -> Problem:
    start = mark_at(text, index)
    end = Mark(start.line, start.column + 1)
    return Problem(complaint.code, complaint.message, Span(file, start, end), complaint.advice)

"""Text to token ids and back, as the vocabulary of a model file says."""

from __future__ import annotations

from collections.abc import Iterable

from pv.errors import UsageError
from pv.tensors.gguf_header import ModelFile
from pv.tokens.byte_level import ByteLevel
from pv.tokens.merging import LONGEST_TEXT
from pv.tokens.pretokenizers import PRE_TOKENIZERS
from pv.tokens.sentence_piece import SentencePiece
from pv.tokens.special_tokens import SpecialTokens
from pv.tokens.vocabulary import HIDDEN, SPM, Kind, Vocabulary, read_vocabulary


class Tokenizer:
    """Encodes and decodes with one vocabulary; texts of at most `LONGEST_TEXT` characters."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._scheme: ByteLevel | SentencePiece
        if vocabulary.model == SPM:
            self._scheme, begins = SentencePiece(vocabulary), True
        else:
            self._scheme, begins = ByteLevel(vocabulary), PRE_TOKENIZERS[vocabulary.pre].begin
        self._begins = vocabulary.flags.get("add_bos_token", begins) and self.begin is not None
        self._ends = vocabulary.flags.get("add_eos_token", False)
        spaced = vocabulary.flags.get("add_space_prefix", True)
        self._space = " " if spaced and vocabulary.model == SPM else ""
        self._named = SpecialTokens(vocabulary.texts_of(HIDDEN | {Kind.USER_DEFINED}))
        self._always = SpecialTokens(vocabulary.texts_of({Kind.USER_DEFINED}))

    @property
    def size(self) -> int:
        """How many tokens the vocabulary has."""
        return len(self.vocabulary.tokens)

    @property
    def begin(self) -> int | None:
        """The token in front of every text, where the vocabulary has one."""
        return self.vocabulary.begin

    @property
    def ends(self) -> frozenset[int]:
        """The tokens after which a generation is over."""
        return self.vocabulary.ends

    def encode(self, text: str, *, specials: bool = True, begin: bool | None = None) -> list[int]:
        """Return the ids of a text.

        `specials` reads texts such as `<|im_end|>` as the tokens they name; without it they are
        text like any other, as what a user wrote should be. `begin` puts the begin token in front
        or leaves it out; by default the file decides, about the end token as well. A byte that a
        byte-level vocabulary has no token for leaves none. Half a surrogate pair, which is no
        character, counts as U+FFFD. Raises `UsageError` for a text that is too long, or where there
        is no begin token to put in front.
        """
        if len(text) > LONGEST_TEXT:
            raise UsageError(
                f"text of {len(text)} characters, the limit is {LONGEST_TEXT}",
                advice="encode it in parts",
            )
        ids = self._leading(begin)
        space = self._space
        for piece in (self._named if specials else self._always).split(_characters(text)):
            if piece.id is None:
                ids += self._scheme.encode(space + piece.text)
                space = ""
            else:
                ids.append(piece.id)
                space = self._space
        if self._ends and begin is None and self.vocabulary.end is not None:
            ids.append(self.vocabulary.end)
        return ids

    def decode(self, ids: Iterable[int], *, specials: bool = False) -> str:
        """Return the text of ids; bytes that are not UTF-8 become U+FFFD.

        Control tokens are left out unless `specials`. The space that a SentencePiece vocabulary
        puts in front of a text is taken off again. Raises `UsageError` for an id that is none.
        """
        kinds = self.vocabulary.kinds
        pieces = [(id_, self.piece(id_)) for id_ in ids]
        shown = b"".join(piece for id_, piece in pieces if specials or kinds[id_] not in HIDDEN)
        return shown.removeprefix(self._space.encode()).decode("utf-8", "replace")

    def piece(self, id_: int) -> bytes:
        """Return the bytes of one token; raises `UsageError` for an id that is none."""
        if not 0 <= id_ < self.size:
            raise UsageError(f"token id {id_}, the vocabulary has {self.size} tokens")
        text, kind = self.vocabulary.tokens[id_], self.vocabulary.kinds[id_]
        if kind == Kind.NORMAL:
            return self._scheme.piece(text)
        if kind == Kind.BYTE:
            return bytes.fromhex(text[3:5])
        return b"" if kind in {Kind.UNUSED, Kind.UNDEFINED} else text.encode()

    def _leading(self, begin: bool | None) -> list[int]:
        if begin and self.begin is None:
            raise UsageError("the vocabulary names no begin token (tokenizer.ggml.bos_token_id)")
        wanted = self._begins if begin is None else begin
        return [self.begin] if wanted and self.begin is not None else []


def tokenizer_of(model: ModelFile) -> Tokenizer:
    """Return the tokenizer of a model file.

    Raises `GgufError` (a `BadInputError`) that names the key for whatever is wrong with the
    vocabulary, or not known to us.
    """
    return Tokenizer(read_vocabulary(model))


def _characters(text: str) -> str:
    """Return the text with halves of surrogate pairs replaced."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

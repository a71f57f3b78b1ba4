"""Text to token ids and back, by the vocabulary that stands in a model file; chat templates."""

from pv.tokens.tokenizer import Tokenizer, tokenizer_of

__all__ = ["Tokenizer", "tokenizer_of"]

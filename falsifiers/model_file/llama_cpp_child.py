"""Runs in a process of its own: what llama.cpp makes of a model file.

Standard input is one JSON object, `{model, prompts, answers}`: a path, lists of token ids, and
where to write the logits behind each prompt (float32 (prompts, vocabulary), NumPy's format).
Nothing of this project is imported, so that any interpreter with `llama_cpp` can run it.
"""

import json
import sys

import llama_cpp
import numpy as np


def main() -> None:
    """Load the model and answer every prompt, one token at a time."""
    asked = json.load(sys.stdin)
    longest = max(len(each) for each in asked["prompts"])
    llama = llama_cpp.Llama(
        asked["model"],
        n_ctx=max(longest + 1, 32),
        n_batch=1,
        n_ubatch=1,
        n_threads=2,
        n_threads_batch=2,
        verbose=False,
    )
    answers = []
    for prompt in asked["prompts"]:
        llama.n_tokens = 0  # begin anew
        llama.eval(prompt)
        pointer = llama_cpp.llama_get_logits_ith(llama.ctx, -1)
        answers.append(np.ctypeslib.as_array(pointer, shape=(llama.n_vocab(),)).copy())
    np.save(asked["answers"], np.stack(answers).astype(np.float32))


if __name__ == "__main__":
    main()

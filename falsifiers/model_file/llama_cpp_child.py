"""Runs in a process of its own: what llama.cpp makes of a model file.

Standard input is one JSON object, `{model, prompts, answers}`: a path, lists of token ids, and
where to write the logits behind each prompt (float32 (prompts, vocabulary), NumPy's format). The
first line printed is `llama_cpp VERSION`, before the model is looked at.
Nothing of this project is imported, so that any interpreter with `llama_cpp` can run it.

Weights stay as the file has them (`--no-repack`): repacked ones meet activations that are stored in
other groups, which is another draw of the same rounding noise and no other model.
"""

import json
import sys

import llama_cpp
import numpy as np


def main() -> None:
    """Load the model and answer every prompt, one token at a time on one thread.

    llama.cpp's threads wait for each other without sleeping: on a busy machine two are slower.
    """
    sys.stdout.write(f"llama_cpp {llama_cpp.__version__}\n")
    sys.stdout.flush()
    asked = json.load(sys.stdin)
    _keep_weights_as_they_are()
    longest = max(len(each) for each in asked["prompts"])
    llama = llama_cpp.Llama(
        asked["model"],
        n_ctx=max(longest + 1, 32),
        n_batch=1,
        n_ubatch=1,
        n_threads=1,
        n_threads_batch=1,
        verbose=False,
    )
    answers = []
    for prompt in asked["prompts"]:
        llama.n_tokens = 0  # begin anew
        llama.eval(prompt)
        pointer = llama_cpp.llama_get_logits_ith(llama.ctx, -1)
        answers.append(np.ctypeslib.as_array(pointer, shape=(llama.n_vocab(),)).copy())
    np.save(asked["answers"], np.stack(answers).astype(np.float32))


def _keep_weights_as_they_are() -> None:
    """Switch repacking off in the parameters that every model starts from."""
    defaults = llama_cpp.llama_model_default_params

    def kept() -> object:
        parameters = defaults()
        parameters.use_extra_bufts = False
        return parameters

    llama_cpp.llama_cpp.llama_model_default_params = kept
    llama_cpp.llama_model_default_params = kept


if __name__ == "__main__":
    main()

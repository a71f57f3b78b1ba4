"""Chat templates: as Jinja renders them where they are sound, refused where they are not."""

import time

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pv.errors import PvError, UsageError
from pv.sandbox import ForbiddenError, LimitError, TemplateError
from pv.tensors.gguf_errors import GgufError
from pv.tensors.gguf_header import open_model
from pv.tokens import tokenizer_of
from pv.tokens.chat import render_chat
from tests.unit.forward.random_model import TEMPLATE
from tests.unit.tokens.small_vocabularies import BPE, SPM, write

TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "  Hi <|im_end|> é\n"},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "2 < 3 & 'so'?"},
]

# Templates of the kinds that model files carry.
ALTERNATING = """{{ bos_token }}{% if messages[0]['role'] == 'system' %}
    {% set system = messages[0]['content'] + '\\n\\n' %}{% set rest = messages[1:] %}
{% else %}{% set system = '' %}{% set rest = messages %}{% endif %}
{% for message in rest %}
    {% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{ raise_exception('Conversation roles must alternate user/assistant') }}
    {% endif %}
    {% if message.role == 'user' %}
{{ '[INST] ' + (system if loop.first else '') + message.content.strip() + ' [/INST]' }}
    {%- else %}{{ ' ' ~ message['content'] | trim ~ ' ' ~ eos_token }}{% endif %}
{% endfor %}"""
TOOLS = """{%- if tools %}{{ tools | tojson }}{%- endif %}
{%- if not date_string is defined %}{%- set date_string = "26 Jul 2024" %}{%- endif %}
{%- set ns = namespace(last=0) %}
{%- for message in messages %}{%- if message.role == 'system' %}{%- continue %}{%- endif %}
    {%- set ns.last = loop.index %}
    {{- '<|start|>' + message.role + '<|sep|>' + (message.content | default('none', true)) }}
{%- endfor %}
{{- date_string ~ ns.last }}{%- if add_generation_prompt %}{{- '<|start|>assistant' }}{%- endif %}
"""
SOUND = {"plain": TEMPLATE, "alternating": ALTERNATING, "tools": TOOLS}


def file_of(tmp_path, template, keys=SPM):
    return write(tmp_path / "v.gguf", {**keys, "tokenizer.chat_template": template})


def by_jinja(template: str, prompt: bool) -> str:
    def refuse(message):
        raise ValueError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.globals["raise_exception"] = refuse
    values = {"bos_token": "<s>", "eos_token": "</s>", "tools": None}
    return environment.from_string(template).render(
        values, messages=TALK, add_generation_prompt=prompt
    )


@pytest.mark.parametrize("prompt", [True, False])
@pytest.mark.parametrize("template", SOUND.values(), ids=SOUND)
def test_a_sound_template_gives_what_jinja_gives(tmp_path, template, prompt):
    with open_model(file_of(tmp_path, template)) as model:
        found = render_chat(model, TALK, prompt=prompt)
    assert found == by_jinja(template, prompt)
    assert found.count("Hi") == 1


def test_the_real_template_puts_its_own_system_message_first(real_model):
    with open_model(real_model) as model:
        tokenizer = tokenizer_of(model)
        found = render_chat(model, [{"role": "user", "content": "Hi"}], tokenizer=tokenizer)
    assert found == (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging"
        " Face<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )
    ids = tokenizer.encode(found)
    assert ids.count(1) == 3
    assert ids.count(2) == 2


GROWING = (
    "{% set x = namespace(s='aaaaaaaa') %}{% for i in range(64) %}"
    "{% set x.s = x.s ~ x.s %}{% endfor %}{{ x.s }}"
)
HOSTILE = {
    "classes": ("{{ messages.__class__.__mro__ }}", ForbiddenError, ""),
    "attribute by filter": ("{{ messages | attr('__class__') }}", TemplateError, ""),
    "globals": ("{{ cycler.__init__.__globals__ }}", TemplateError, ""),
    "endless": ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
                LimitError, ""),
    "memory": (GROWING, LimitError, ""),
    "output": ("{% for i in range(99999) %}{{ 'x' * 99 }}{% endfor %}", LimitError, ""),
    "power": ("{{ 10 ** 1000000 }}", LimitError, ""),
    "changes a message": ("{{ messages.append(1) }}", ForbiddenError, ""),
    "no template": ("{% for %}", TemplateError, "is no template"),
    "includes": ("{% include '/etc/passwd' %}", TemplateError, ""),
    "refuses": ("{{ raise_exception('no system role') }}", TemplateError, "no system role"),
    "huge": ("x" * 300_000, LimitError, "300,000 characters"),
    "deep": ("{% if 1 %}" * 500, LimitError, ""),
}  # fmt: skip


@pytest.mark.parametrize(("template", "error", "said"), HOSTILE.values(), ids=HOSTILE)
def test_a_template_that_reaches_too_far_is_refused_in_time(tmp_path, template, error, said):
    start = time.monotonic()
    with open_model(file_of(tmp_path, template)) as model, pytest.raises(error) as caught:
        render_chat(model, TALK)
    assert said in str(caught.value)
    assert "tokenizer.chat_template" in caught.value.explain()
    assert time.monotonic() - start < 40


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([], "messages: found none"),
        ([{"role": "user"}], "message 0: content: expected text, found nothing"),
        ([{"role": 3, "content": ""}], "message 0: role: expected text, found int"),
        ([{"role": "user", "content": "x" * (1 << 20)}], "the limit is 1048576"),
    ],
)
def test_messages_that_are_none_are_refused(tmp_path, messages, said):
    with open_model(file_of(tmp_path, TEMPLATE)) as model, pytest.raises(UsageError, match=said):
        render_chat(model, messages)


def test_a_file_without_a_template_says_so(tmp_path):
    path = write(tmp_path / "v.gguf", BPE)
    absent = "key 'tokenizer[.]chat_template': is absent"
    with open_model(path) as model, pytest.raises(GgufError, match=absent):
        render_chat(model, TALK)
    path = write(tmp_path / "n.gguf", {**BPE, "tokenizer.chat_template": 7})
    with open_model(path) as model, pytest.raises(PvError, match="expected string"):
        render_chat(model, TALK)

"""What `tokenizers` makes of single rules: one expression, one added token, one option at a time.

Writes rules.json: `steps` (a pre-tokenizer or a normalizer, and what it makes of each text) and `documents` (a whole
tokenizer.json, texts and their ids). Nothing is trained, so that it can be run again.

Needs: tokenizers 0.23.3. Run in this folder: python make_rules.py
"""
import json
import pathlib

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers

from make_tokenizers import LLAMA3, QWEN, TEKKEN

TEXTS = ["", "aab aaab b ab abab  aaaa", "I'm we'RE you'LL 'S 'ſ X's 'D don't", "line one \n  two\t\n\n three\r\n four  \n", "1234567 0,12 1.000.000 x9y ٣٤ ½²",
         "e\u0301te\u0301 a\u0301\u0323 क्षि ไทย นี้", "a_b‿c-d—e…f ²³¼ ⁴ Ⅷ Ⓐ ª", "中文，ひらがな カタカナー 한국어 々", "x\u00a0y\u180ez\u200bw\u2028v\u0085u\u3000t",
         "f(x) = {y: [1, 2]}; // a\\b ^ $ | # & ~", "Straße Kelvin K ﬀ İı Ωω", "\n", "   ", "👍🏽 👩‍👩‍👧 \x00\x0b\x0c!", "ASS ss ST ab12CD ABc aBC"]
CL100K = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s")
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?"
         r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")
DEEPSEEK = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+"
            r"|\s+(?!\S)|\s+")
BLOOM = r" ?[^(\s|[.,!?…。，、।۔،])]+"
EXPRESSIONS = [
    LLAMA3, QWEN, QWEN.replace(r"\p{L}", r"[\p{L}\p{M}]").replace(r"[^\r\n[\p{L}\p{M}]\p{N}]", r"[^\r\n\p{L}\p{M}\p{N}]"), TEKKEN, CL100K, O200K,
    DEEPSEEK, "[一-龥\u0800-一가-퟿]+", BLOOM, r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", r"[0-9][0-9][0-9]",
    # Lines and ends.
    r"^", r"$", r"^\s*\S", r"\s+$", r"\S$", r"\A\s*", r"\s*\z", r"\S\s?\Z", r".+", r"(?m:a.)", r"(?im:A.)",
    # Words.
    r"\w+", r"\W+", r"[\w]", r"[^\w\s]+", r"\b", r"\B", r"\bab\b", r"[\s\S]", r"[^\S\n]+", r"\D+", r"[\D]", r"\S\d",
    # What can match nothing.
    r"(?=\d)", r"(?=(\d{3})+(?!\d))", r"(?<=\d)(?=\D)", r"\d+|$", r"x*", r"", r"a|", r"(?<!\d)\d{1,3}(?=(?:\d{3})+(?!\d))",
    # Repeats.
    r"\p{N}{1,3}+", r"(?:ab){2}+", r"a{,2}b", r"a{2}?", r"a{1,2}?b", r"a{2,}+b", r"a++b", r"a?+b", r"a*+", r"a+?b", r"a??b", r"(?>a|ab)c?",
    # Classes and properties.
    r"[a-f\d]+", r"[^a[bc]]", r"[-a]", r"[a-]", r"[\]\[]", r"[\--/]", r"[\x21-\x2f]", r"\u0061\x61", r"\x{4e2d}", r"\p{Han}+", r"\P{Latin}+",
    r"\p{^L}+", r"\P{^L}+", r"[^\p{L}\p{N}\p{Z}]+", r"\p{Hiragana}+|\p{Katakana}+", r"\p{Lu}\p{Ll}*", r"\p{M}",
    r"(?i)k|s", r"(?i:[sdmt]|ll|ve|re)", r"\!\-\ \#", r"[a]]|}", r"(?<=a|bb)b", r"(?<!\s)b",
]


def split(expression, behavior="Isolated", invert=False, kind="Regex"):
    return {"type": "Split", "pattern": {kind: expression}, "behavior": behavior, "invert": invert}


def replace(expression, kind="Regex"):
    return {"type": "Replace", "pattern": {kind: expression}, "content": "|"}


STEPS = [split(e) for e in EXPRESSIONS] + [
    split(r"\w+", "Removed", True), split(r"\b", "Removed"), split("", kind="String"), split("a|b", kind="String"), split(" ", "Removed", kind="String"),
    replace(r"x*"), replace("^"), replace("$"), replace(r"\s+$"), replace(""), replace("", "String"), replace("a", "String"), replace(r"(?=\d)")]


def outcome(step):
    pattern = Regex(step["pattern"]["Regex"]) if "Regex" in step["pattern"] else step["pattern"]["String"]
    if step["type"] == "Replace":
        return [normalizers.Replace(pattern, "|").normalize_str(text) for text in TEXTS]
    splitting = pre_tokenizers.Split(pattern, step["behavior"].lower(), invert=step["invert"])
    return [[piece for piece, _ in splitting.pre_tokenize_str(text)] for text in TEXTS]


VOCABULARY = {"a": 0, "b": 1, "c": 2, " ": 3, "\n": 4}


def document(vocabulary=VOCABULARY, added=(), **model):
    """A tokenizer.json of BPE; `added` are pairs of a text and the flags that are true."""
    parts = {key: model.pop(key, None) for key in ("normalizer", "pre_tokenizer", "post_processor", "decoder")}
    flags = ["single_word", "lstrip", "rstrip", "normalized", "special"]
    ids, tokens = dict(vocabulary), []
    for content, stated in added:
        tokens.append({"id": ids.setdefault(content, len(ids)), "content": content, **{flag: flag in stated for flag in flags}})
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens, **parts,
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
                      "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, "vocab": vocabulary, "merges": [], **model}}


def unigram(**model):
    return {**document(), "model": {"type": "Unigram", "unk_id": None, "byte_fallback": False, "vocab": [["a", -1.0], ["b", -2.0]], **model}}


def metaspace(**options):
    return document({**VOCABULARY, "\u2581": 5}, pre_tokenizer={"type": "Metaspace", "replacement": "\u2581", "split": True, **options})


PARTIAL = {"a": 0, "<unk>": 1, "<0xC3>": 2, "<0xA9>": 3, "<0xE2>": 4}  # the bytes of "é", not all of those of "€"
LETTERS = ["aéa", "a€a", "€é", "é€", "€€é€a", "€"]
SPACES = ["a<x>\n\nb", "a<x>  \n\n \n\nb", "<x> \n\n  b", "<x>\n\n\n", "<x>\n \n\n <x>", "<x>   b", "a b<x> b"]
DOCUMENTS = [
    (document(added=[("<x>", ["rstrip"]), ("\n\n", [])]), SPACES),
    (document(added=[("<x>", ["rstrip"]), (" b", ["lstrip"]), ("\nb", ["single_word"])]), SPACES[:1] + SPACES[2:]),
    (document(added=[("<x>", ["rstrip", "lstrip"]), ("<y>", ["lstrip"])]), ["<x>   <y>", " <x><y> ", "  <y> <x> <y>b"]),
    (document(added=[(" ", ["rstrip", "lstrip"])]), ["a  b", "   a b ", "a b"]),
    (document(added=[("<y>", []), ("<z>", []), ("<y>", ["lstrip"]), ("a", [])]), ["a <y><z> <z>a"]),
    (document({"a": 0, "b": 1, "<x>": 5}, [("<x>", []), ("a", [])]), ["a<x>b"]),
    (document({"a": 0, "b": 1, "c": 2, "ab": 3, "bc": 4}, merges=["a b", "b c", "a b"]), ["abc", "abcabc"]),
    (document({"a": 0, "b": 1, "c": 2, "ab": 3, "bc": 4}, merges=["a b", "b c"]), ["abc", "abcabc"]),
    (document(PARTIAL, unk_token="<unk>", byte_fallback=True, fuse_unk=True), LETTERS),
    (document(PARTIAL, unk_token="<unk>", byte_fallback=True), LETTERS),
    (document(PARTIAL, byte_fallback=True), LETTERS),
    (unigram(unk_id=0, byte_fallback=True, vocab=[["<unk>", 0.0], ["a", -1.0], ["<0xC3>", -3.0], ["<0xA9>", -3.0]]), LETTERS),
    (unigram(), ["ab", "bba"]),
    (metaspace(), ["ab", " ab", "a b"]), (metaspace(add_prefix_space=True, prepend_scheme="never"), ["ab", " ab", "a b"]),
    (metaspace(add_prefix_space=False, prepend_scheme="never"), ["ab", " ab"]),
    (metaspace(add_prefix_space=True, prepend_scheme="first"), ["ab", " ab"]),
]


def main():
    documents = [{"document": document, "texts": texts, "ids": [Tokenizer.from_str(json.dumps(document)).encode(text).ids for text in texts]}
                 for document, texts in DOCUMENTS]
    lines = [json.dumps({"step": step, "outcome": outcome(step)}) for step in STEPS]
    pathlib.Path("rules.json").write_text('{"texts": ' + json.dumps(TEXTS) + ',\n"steps": [\n' + ",\n".join(lines) + '],\n"documents": [\n' +
                                          ",\n".join(map(json.dumps, documents)) + "]}\n")
    print(len(lines), "steps,", len(documents), "documents")


if __name__ == "__main__":
    main()

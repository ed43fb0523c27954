"""Small tokenizers of each kind, trained on a few lines, and the ids that `tokenizers` gives.

Writes tokenizers/NAME/{tokenizer.json, golden.json, long.json}; texts.json holds the texts, shared by all. long.json is the
number of ids of a text of 1 MB and a sum over them.

Needs: tokenizers 0.23. Run in this folder: python make_tokenizers.py
"""
import json
import pathlib

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

PROSE = ["The quick brown fox doesn't jump over the lazy dog; they'll say it's 1,234.56 times IT'S been DONE.",
         "Hello world! hello again, World... 2024-11-25 12:34:56 +0100",
         "def f(x):\n    return x ** 2  # squares\n\n\tif (a != b) { c[i++] = d->e; }\r\n",
         "le coeur déçu mais l'âme plutôt naïve, Louÿs rêva de crapaüter en canoë",
         "Съешь же ещё этих мягких французских булок, да выпей чаю",
         "視野無限廣，窗外有藍天。 いろはにほへと ちりぬるを 다람쥐 헌 쳇바퀴에 타고파",
         "نص حكيم له سر قاطع وذو شأن عظيم  דג סקרן שט בים מאוכזב",
         "ऋषियों को सताने वाले दुष्ट राक्षसों  เป็นมนุษย์สุดประเสริฐเลิศคุณค่า",
         "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία  აბგდევზთ  Եթե  ግዕዝ"]
TEXTS = PROSE + [
    "", " ", "  ", "a", " a", "  a", "a ", "\n", "\n\n\n", " \n \n", "\t\t x", "x\r\ny\rz", "a" * 300, " " * 300 + "x", "\n" * 200 + "y",
    "0123456789 1 12 123 1234 12345 x9y ½ ² Ⅷ ① ٣٤ 一二三", "I'm we'RE you'LL 'S 's 'ſ 'd'D 'tis 'Twas",
    "👍 👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301 é \u1100\u1161\u11a8 각 a\u0323\u0307 ﬁ ﬀ ª º ™", "a\u0000b\u0001c\u007fd\u0085e\u00ade\u200bf\u2028g\u3000h\ufeffi\u180ej\u00a0k\u202fl",
    "<s>", "x<s>y</s>", " <s> ", "<|im_start|>user\n hi <|im_end|>  \n<|im_start|>", "<0x0A>", "\u2581x \u2581\u2581 y", "<mask>x <mask> y  <mask>  z",
    "tok toks xtok tok. (tok)", "the THE The tHe", "\ufffd\ufffe\U0010ffff", "A\u030a\u0323B क्षि", "ΟΔΟΣ ΟΔΟΣ. Σ İSTANBUL ẞ"]
LONG = "\n".join(TEXTS) + "\n"
LONG *= 1_000_000 // len(LONG.encode()) + 1
SPECIAL = [AddedToken("<unk>", special=True, normalized=False), AddedToken("<s>", special=True, normalized=False),
           AddedToken("</s>", special=True, normalized=False),
           AddedToken("<|im_start|>", special=True, normalized=False, rstrip=True),
           AddedToken("<|im_end|>", special=True, normalized=False, lstrip=True)]
ADDED = [AddedToken("<mask>", lstrip=True, normalized=False), AddedToken("tok", single_word=True, normalized=False),
         AddedToken("World", normalized=True), AddedToken("World...", normalized=True)]
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
TEKKEN = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}"
          r"\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
BYTES = [f"<0x{b:02X}>" for b in range(256)]


def digest(ids):
    total = 0
    for id in ids:
        total = (total * 31 + id) % 2**64
    return {"count": len(ids), "sum": total}


def bos(token="<s>", id=1):
    return processors.TemplateProcessing(single=f"{token} $A", special_tokens=[(token, id)])


def byte_level(pre, normalizer=None, post=None, **bpe):
    tokenizer = Tokenizer(models.BPE(**bpe))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = post or processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=SPECIAL, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    return tokenizer, trainer


def split(regex):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(regex), "isolated"),
                                    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def fallback(normalizer, pre):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre:
        tokenizer.pre_tokenizer = pre
    tokenizer.post_processor = bos()
    # A small alphabet, so that most scripts fall back to bytes.
    return tokenizer, trainers.BpeTrainer(vocab_size=520, special_tokens=SPECIAL + BYTES, limit_alphabet=70, show_progress=False)


def unigram(**options):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip()])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 2)])
    return tokenizer, trainers.UnigramTrainer(vocab_size=300, special_tokens=SPECIAL + options.pop("more", []), unk_token="<unk>",
                                              show_progress=False)


LEGACY = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
KINDS = {
    "gpt2": lambda: byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False)),
    "prefix_space": lambda: byte_level(pre_tokenizers.ByteLevel(add_prefix_space=True), normalizers.Lowercase()),
    "smollm2": lambda: byte_level(pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                                           pre_tokenizers.ByteLevel(add_prefix_space=False)])),
    "llama3": lambda: byte_level(split(LLAMA3), ignore_merges=True,
                                 post=processors.Sequence([processors.ByteLevel(trim_offsets=False), bos()])),
    "qwen": lambda: byte_level(split(QWEN), normalizers.NFC()),
    "tekken": lambda: byte_level(split(TEKKEN), post=bos()),
    "llama2_legacy": lambda: fallback(LEGACY, None),
    "llama2_first": lambda: fallback(None, pre_tokenizers.Metaspace(prepend_scheme="first", split=False)),
    "metaspace_split": lambda: fallback(None, pre_tokenizers.Metaspace(prepend_scheme="never", split=True)),
    "unigram": unigram,
    "unigram_bytes": lambda: unigram(more=BYTES),
}


def main():
    pathlib.Path("texts.json").write_text(json.dumps(TEXTS, indent=0) + "\n")
    for name, make in KINDS.items():
        tokenizer, trainer = make()
        tokenizer.train_from_iterator(PROSE * 3, trainer)
        tokenizer.add_tokens(ADDED)
        folder = pathlib.Path("tokenizers") / name
        folder.mkdir(parents=True, exist_ok=True)
        document = json.loads(tokenizer.to_str())
        if name == "unigram_bytes":
            document["model"]["byte_fallback"] = True
        if name in ("gpt2", "llama2_legacy"):  # as older files write them
            document["model"]["merges"] = [" ".join(m) for m in document["model"]["merges"]]
        tokenizer = Tokenizer.from_str(json.dumps(document))
        (folder / "tokenizer.json").write_text(json.dumps(document, ensure_ascii=True) + "\n")
        ids = [tokenizer.encode(text).ids for text in TEXTS]
        (folder / "golden.json").write_text(json.dumps(ids) + "\n")
        (folder / "long.json").write_text(json.dumps(digest(tokenizer.encode(LONG).ids)) + "\n")
        print(name, tokenizer.get_vocab_size(), sum(map(len, ids)))


if __name__ == "__main__":
    main()

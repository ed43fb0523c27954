"""The texts that `tokenizers`, sentencepiece and transformers decode from tokens and ids.

Writes decoders.json:
    tokens, steps    lists of tokens; decoders of each kind, and the text that each makes of each list
    tokenizers       the tokenizers of make_tokenizers.py with decoders: the texts, without special tokens, of the lists of ids of
                     golden.json and of more lists
    documents        whole tokenizers with rules for added tokens, lists of ids and their texts
    sentencepiece    as `tokenizers`, of the models of make_sentencepiece.py
    clean_up         texts of transformers, whose tokenizer_config.json asks for a clean-up of spaces, and their ids
Nothing is trained, so that it can be run again.

Needs: tokenizers 0.23.3, sentencepiece 0.2.3, transformers 5.23 (without PyTorch), protobuf 7.36. Run in this folder: python make_decoders.py
"""
import json
import pathlib
import random

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from make_rules import document as small
from make_tokenizers import KINDS

TOKENS = [
    [], [""], ["a"], ["Hello", "\u2581world", "\u2581", "\u2581\u2581x", "y"], ["\u2581Hello\u2581there", "\u2581", "world"], ["\u2581", "\u2581x"],
    ["<0xC3>", "<0xA9>", "t", "<0xC3>", "x", "<0xE2>", "<0x96>"], ["<0xe2>", "<0x82>", "<0xAC>", "<0x0A>", "\u2581a", "<0xff>", "<0xF0>", "<0x9F>"],
    ["<0x41>", "<0xG1>", "<0x4>", "<0x041>", "\u2581", "<0xF0>", "<0x9F>", "<0x98>", "<0x80>"], ["<0xED>", "<0xA0>", "<0x80>", "<0xC0>", "<0x80>"],
    ["Hello", "\u0120world", "\u0120\u00c3\u00a9", "\u010a", "\u00c3", "x", "\u00e2\u0124", "\u00ac"], ["\u00f0\u0141\u013a", "\u0122", "\u00f0\u0141", "\u00ed\u0142\u0122", "\u00ff"],
    ["\u65e5\u672c", "a b", "\u0120a", "\u00e9\u65e5"], ["I", "do", "not", "##s", ".", "'", "ve", "n't", "'s", "'re", "'m", "?", "!", ",", "##"],
    ["a .", " do not, I 'm", "it 's ' x ' !", "ca n't ?", "we 've", "they 're , \u2581. \u2581?"], ["h", "h", "<pad>", "h", "e", "|", "|", "<pad>", "<pad>", "l", "", "<pad>|"],
    ["__x__", "_x", "x_", "x", "___y", "\u2581_", "\u00e9__\u00e9"], ["low</w>", "er</w>", "est", "</w>", "x</w>y</w>"]]


def sequence(*steps):
    return {"type": "Sequence", "decoders": list(steps)}


def replace(kind, pattern, content):
    return {"type": "Replace", "pattern": {kind: pattern}, "content": content}


def metaspace(scheme, mark="\u2581", **more):
    return {"type": "Metaspace", "replacement": mark, "prepend_scheme": scheme, "split": True, **more}


def strip(content, start, stop):
    return {"type": "Strip", "content": content, "start": start, "stop": stop}


BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
BYTES, FUSE = {"type": "ByteFallback"}, {"type": "Fuse"}
LLAMA = sequence(replace("String", "\u2581", " "), BYTES, FUSE, strip(" ", 1, 0))
STEPS = [
    BYTE_LEVEL, BYTES, FUSE, LLAMA, sequence(replace("String", "\u2581", " "), BYTES, FUSE), sequence(), sequence(sequence(BYTES, FUSE), metaspace("first")),
    metaspace("always"), metaspace("first"), metaspace("never"), {"type": "Metaspace", "replacement": "_", "add_prefix_space": True},
    metaspace("never", "_", add_prefix_space=False), sequence(BYTES, metaspace("always")), sequence(BYTE_LEVEL, BYTES),
    replace("String", "l", ""), replace("Regex", "\\s+|x", "-"), replace("Regex", "^\u2581", ""), replace("String", "", "|"),
    strip("_", 1, 0), strip("_", 2, 1), strip("_", 0, 3), strip("\u2581", 9, 0), {"type": "BPEDecoder", "suffix": "</w>"}, {"type": "BPEDecoder", "suffix": ""},
    *[{"type": "WordPiece", "prefix": prefix, "cleanup": cleanup} for prefix in ("##", "") for cleanup in (True, False)],
    *[{"type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": cleanup} for cleanup in (True, False)],
    {"type": "CTC", "pad_token": "", "word_delimiter_token": "", "cleanup": True}]
# Added tokens, of which the normaliser changes some, in the vocabulary and behind it.
LOWER, NO_X = {"type": "Lowercase"}, {"type": "Replace", "pattern": {"String": "x"}, "content": ""}
DOCUMENTS = [
    (small(added=[("<X>", ["normalized"]), ("<Y>", ["normalized", "special"]), ("<Z>", ["special"]), ("b", ["special"])], normalizer=LOWER), [[0, 5, 6, 7, 1, 2], [7, 7]]),
    (small(added=[("C1", ["normalized", "special"]), ("c1", [])], normalizer=LOWER), [[5, 6], [6, 2, 5]]),
    (small(added=[("x", ["normalized"]), ("yx", ["normalized", "special"])], normalizer=NO_X), [[0, 5, 6, 1], [5]]),
    (small(added=[("<x>", ["special"]), ("<x>", []), ("\u2581", ["special"])], decoder=metaspace("always")), [[5, 0, 6, 1, 5], [0, 99, 1], []]),
    (small({"a": 0, "b": 1, "\u2581c": 7, "<s>": 3}, [("<s>", ["special"])], decoder=LLAMA), [[7, 3, 7, 0], [3, 7], [5, 1], [2, 4]])]
SPACED = ["Hello , world . it 's ' x ' ! They 've do n't ? I 'm we 're . do not , ca n't", " .", "a  . b ,c", "World... ."]


def document(name):
    return json.loads(pathlib.Path("tokenizers", name, "tokenizer.json").read_text())


def more_ids(size):
    """Lists of ids that no text gives. No token has the largest of them."""
    chance = random.Random(7)
    return [[chance.randrange(size + 20) for _ in range(chance.randrange(1, 16))] for _ in range(24)]


def texts_of(folder, more, decode):
    return [decode(ids) for ids in json.loads(pathlib.Path(folder, "golden.json").read_text()) + more]


def of_tokenizers():
    for name in KINDS:
        whole = document(name)
        own, outcomes = whole["decoder"], []
        for decoder in [own] if own else [None, LLAMA, metaspace("always")]:
            tokenizer = Tokenizer.from_str(json.dumps({**whole, "decoder": decoder}))
            more = more_ids(tokenizer.get_vocab_size())
            outcomes.append({"decoder": decoder, "texts": texts_of(f"tokenizers/{name}", more, tokenizer.decode)})
        yield {"name": name, "more_ids": more, "outcomes": outcomes}


def of_documents():
    for whole, lists in DOCUMENTS:
        tokenizer = Tokenizer.from_str(json.dumps(whole))
        yield {"document": whole, "ids": lists, "texts": [tokenizer.decode(ids) for ids in lists]}


def decoded(model, inner, added, ids):
    """The model decodes what lies between its added tokens; `inner` is the same model that keeps a space at the beginning."""
    runs, between = [[]], []
    for id in ids:
        if id < model.get_piece_size():
            if not (added.get(id, {}).get("special") and id != model.unk_id()):
                runs[-1].append(id)
        elif id in added and not added[id]["special"]:
            between.append(added[id]["content"])
            runs.append([])
    return model.decode(runs[0]) + "".join(content + inner.decode(run) for content, run in zip(between, runs[1:]))


def of_sentencepiece():
    for folder in sorted(pathlib.Path("sentencepiece").iterdir()):
        model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
        proto = sentencepiece_model_pb2.ModelProto.FromString(model.serialized_model_proto())
        proto.normalizer_spec.add_dummy_prefix = proto.normalizer_spec.remove_extra_whitespaces = False
        inner = sentencepiece.SentencePieceProcessor(model_proto=proto.SerializeToString())
        config = folder / "tokenizer_config.json"
        stated = json.loads(config.read_text()) if config.exists() else {}
        added = {int(id): token for id, token in stated.get("added_tokens_decoder", {}).items()}
        more = more_ids(model.get_piece_size() + len(added))
        yield {"name": folder.name, "more_ids": more, "texts": texts_of(folder, more, lambda ids: decoded(model, inner, added, ids))}


def of_clean_up():
    corrupt = "clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output"
    for name in ("unigram", "llama2_first"):
        for decoder in (None, metaspace("always")):
            for flags in ({}, {"clean_up_tokenization_spaces": True}, {"clean_up_tokenization_spaces": True, corrupt: True}, {corrupt: True}):
                tokenizer = Tokenizer.from_str(json.dumps({**document(name), "decoder": decoder}))
                ids = [tokenizer.encode(text).ids for text in SPACED]
                whole = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **flags)
                yield {"name": name, "decoder": decoder, "config": flags, "ids": ids,
                       "texts": [whole.decode(of_text, skip_special_tokens=True) for of_text in ids]}


def outcome(decoder, tokens):
    """None where the library fails: it strips more from a token than it has."""
    try:
        return decoder.decode(tokens)
    except BaseException:
        return None


def main():
    base = {**document("gpt2"), "added_tokens": [], "post_processor": None}
    steps = []
    for step in STEPS:
        decoder = Tokenizer.from_str(json.dumps({**base, "decoder": step})).decoder
        steps.append({"decoder": step, "texts": [outcome(decoder, tokens) for tokens in TOKENS]})
    parts = {"tokens": [TOKENS], "steps": steps, "tokenizers": list(of_tokenizers()), "documents": list(of_documents()), "sentencepiece": list(of_sentencepiece()), "clean_up": list(of_clean_up())}
    lines = ['"tokens": ' + json.dumps(TOKENS)] + [f'"{name}": [\n' + ",\n".join(map(json.dumps, part)) + "]" for name, part in parts.items() if name != "tokens"]
    pathlib.Path("decoders.json").write_text("{" + ",\n".join(lines) + "}\n")
    print({name: len(part) for name, part in parts.items()})


if __name__ == "__main__":
    main()

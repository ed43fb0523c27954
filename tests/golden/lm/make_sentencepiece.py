"""Small SentencePiece models, trained on a few lines, and the ids of the texts of texts.json.

Writes sentencepiece/NAME/{tokenizer.model, tokenizer_config.json, golden.json, long.json}. `tokenizers` cuts a text at its
special tokens, sentencepiece segments what lies between. Prints for how many texts transformers' LlamaTokenizer agrees, which
takes every model for BPE without a normaliser.

Needs: sentencepiece 0.2.3, tokenizers 0.23, transformers 5.23, protobuf 7.36. Run in this folder: python make_sentencepiece.py
"""
import io
import json
import pathlib
import re
import tempfile

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Tokenizer, models
from transformers import LlamaTokenizer

from make_tokenizers import ADDED, LONG, PROSE, SPECIAL, TEXTS, digest

FLAGS = ["single_word", "lstrip", "rstrip", "normalized", "special"]
DECODER = [{"content": token.content, **{flag: getattr(token, flag) for flag in FLAGS}} for token in SPECIAL + ADDED]
LLAMA2 = dict(model_type="bpe", vocab_size=620, byte_fallback=True, normalization_rule_name="identity", split_digits=True,
              remove_extra_whitespaces=False, allow_whitespace_only_pieces=True)
KINDS = {  # how it is trained; its tokenizer_config.json, None for no such file; whether it has the added tokens
    "llama2": (LLAMA2, {"add_bos_token": True, "add_eos_token": False, "legacy": False}, True),
    "nmt_nfkc": (dict(model_type="unigram", vocab_size=265), {"add_eos_token": True, "legacy": True}, False),
    "user_defined": (dict(model_type="bpe", vocab_size=450, normalization_rule_name="nfkc_cf", control_symbols=["<|im_end|>"],
                          user_defined_symbols=["<|im_start|>", "<mask>", "tok", "the", "th", "\u2581\u2581"]), {}, False),
    "bare": (dict(model_type="unigram", vocab_size=530, byte_fallback=True, normalization_rule_name="identity",
                  add_dummy_prefix=False, remove_extra_whitespaces=False), None, False),
}


def code_points(text):
    return " ".join(f"{ord(c):X}" for c in text)


def rules(name):
    """The rules of a normaliser for what the texts hold: the whole table of nmt_nfkc has 240 kB."""
    whole = sentencepiece.SentencePieceNormalizer(rule_name=name, add_dummy_prefix=False, remove_extra_whitespaces=False,
                                                   escape_whitespaces=False)
    found = {}
    for length in (1, 2, 3):
        for text in TEXTS:
            for part in (text[i:i + length] for i in range(len(text) - length + 1)):
                if "\0" not in part and whole.normalize(part) != "".join(found.get(c, c) for c in part):
                    found[part] = whole.normalize(part)
    return "".join(f"{code_points(part)}\t{code_points(result)}\n" for part, result in sorted(found.items()))


def train(normalization_rule_name="nmt_nfkc", **options):
    out = io.BytesIO()
    with tempfile.NamedTemporaryFile("w") as table:
        if normalization_rule_name == "identity":
            options["normalization_rule_name"] = "identity"
        else:
            table.write(rules(normalization_rule_name))
            table.flush()
            options["normalization_rule_tsv"] = table.name
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(PROSE * 3), model_writer=out, num_threads=1, minloglevel=2,
                                                 character_coverage=0.98, **options)
    proto = sentencepiece_model_pb2.ModelProto.FromString(out.getvalue())
    proto.normalizer_spec.ClearField("normalization_rule_tsv")  # a name that changes from run to run
    return proto.SerializeToString()


def cutter(model, config):
    """A tokenizer that knows the special tokens and takes what lies between them for one unknown word."""
    stated = {token["content"]: int(id) for id, token in config.get("added_tokens_decoder", {}).items()}
    own = {model.id_to_piece(i): i for i in range(model.get_piece_size()) if model.is_control(i) or model.is_unknown(i)}
    tokenizer = Tokenizer(models.WordLevel({"between": 0}, unk_token="between"))
    tokenizer.add_tokens([AddedToken(**token) for token in config.get("added_tokens_decoder", {}).values()])
    tokenizer.add_tokens([AddedToken(content, normalized=False) for content in own if content not in stated])
    return tokenizer, own | stated


def goes_on(model, part):
    """The ids of a text in the middle of another: no prefix, and the space that it begins with stays."""
    proto = sentencepiece_model_pb2.ModelProto.FromString(model.serialized_model_proto())
    spec = proto.normalizer_spec
    collapses = spec.remove_extra_whitespaces
    spec.add_dummy_prefix = spec.remove_extra_whitespaces = False
    if collapses:  # spaces, not U+2581 that the text has itself; at its end both go
        spec.escape_whitespaces = False
        spaced = sentencepiece.SentencePieceProcessor(model_proto=proto.SerializeToString())
        part = re.sub(" +", "\u2581", spaced.normalize(part)).rstrip("\u2581")
        spec.escape_whitespaces = True
    return sentencepiece.SentencePieceProcessor(model_proto=proto.SerializeToString()).encode(part)


def encode(model, config, text):
    tokenizer, ids_of = cutter(model, config)
    found = tokenizer.encode(text)
    ids = [model.bos_id()] if config.get("add_bos_token") else []
    for token, (begin, end) in zip(map(tokenizer.id_to_token, found.ids), found.offsets):
        if token != "between":
            ids.append(ids_of[token])
        elif begin == 0 or config.get("legacy"):
            ids += model.encode(text[begin:end])
        else:
            ids += goes_on(model, text[begin:end])
    return ids + ([model.eos_id()] if config.get("add_eos_token") else [])


def main():
    for name, (options, config, has_added) in KINDS.items():
        folder = pathlib.Path("sentencepiece") / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tokenizer.model").write_bytes(train(**options))
        model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
        if has_added:
            ids = [0, 1, 2, *range(model.get_piece_size(), model.get_piece_size() + len(DECODER) - 3)]
            config["added_tokens_decoder"] = dict(zip(map(str, ids), DECODER))
        if config is not None:
            (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1) + "\n")
        golden = [encode(model, config or {}, text) for text in TEXTS]
        (folder / "golden.json").write_text(json.dumps(golden) + "\n")
        long = digest(encode(model, config or {}, LONG))
        if options["model_type"] == "unigram":  # ".", ".." and "..", "." score alike: rounding decides, and releases round differently
            del long["sum"]
        (folder / "long.json").write_text(json.dumps(long) + "\n")
        transformers = LlamaTokenizer.from_pretrained(folder)
        equal = sum(transformers.encode(text) == ids for text, ids in zip(TEXTS, golden))
        print(f"{name}: {model.get_piece_size()} pieces, {sum(map(len, golden))} ids, "
              f"{equal} of {len(TEXTS)} texts as in transformers")


if __name__ == "__main__":
    main()

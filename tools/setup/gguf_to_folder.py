"""Makes a Hugging Face folder of a Llama model with a byte-level BPE tokenizer out of a GGUF file.

python gguf_to_folder.py MODEL.gguf FOLDER    (needs the packages gguf and numpy)
"""
import json
import pathlib
import struct
import sys

import numpy as np
from gguf import GGUFReader, dequantize

NORMAL_TOKEN = 1
PRE_TOKENIZERS = {
    "smollm": {"type": "Sequence",
               "pretokenizers": [{"type": "Digits", "individual_digits": True},
                                 {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}]},
}
BLOCK_NAMES = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj",
               "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
               "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}
OTHER_NAMES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}


class Model:
    def __init__(self, path):
        self.reader = GGUFReader(path)

    def get(self, key, default=None):
        field = self.reader.fields.get(key)
        return default if field is None else field.contents()

    def config(self):
        if self.get("general.architecture") != "llama":
            sys.exit(f"general.architecture {self.get('general.architecture')} is not supported; supported: llama")
        names = {tensor.name for tensor in self.reader.tensors}
        heads = self.get("llama.attention.head_count")
        epsilon = float(f"{self.get('llama.attention.layer_norm_rms_epsilon'):.6g}")  # it was stored in 32 bits
        return {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
                "vocab_size": len(self.get("tokenizer.ggml.tokens")), "hidden_size": self.get("llama.embedding_length"),
                "intermediate_size": self.get("llama.feed_forward_length"), "num_hidden_layers": self.get("llama.block_count"),
                "num_attention_heads": heads, "num_key_value_heads": self.get("llama.attention.head_count_kv", heads),
                "max_position_embeddings": self.get("llama.context_length"), "rms_norm_eps": epsilon,
                "rope_theta": self.get("llama.rope.freq_base", 10000.0), "tie_word_embeddings": "output.weight" not in names,
                "attention_bias": False, "mlp_bias": False, "bos_token_id": self.get("tokenizer.ggml.bos_token_id"),
                "eos_token_id": self.get("tokenizer.ggml.eos_token_id"), "torch_dtype": "bfloat16"}

    def tokenizer(self):
        kind = self.get("tokenizer.ggml.pre")
        if self.get("tokenizer.ggml.model") != "gpt2" or kind not in PRE_TOKENIZERS:
            sys.exit(f"tokenizer {self.get('tokenizer.ggml.model')} {kind} is not supported; supported: gpt2 smollm")
        tokens, types = self.get("tokenizer.ggml.tokens"), self.get("tokenizer.ggml.token_type")
        added = [{"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
                  "special": True} for i, (token, type) in enumerate(zip(tokens, types)) if type != NORMAL_TOKEN]
        return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
                "pre_tokenizer": PRE_TOKENIZERS[kind], "post_processor": None,
                "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
                "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                          "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                          "vocab": {token: i for i, token in enumerate(tokens)}, "merges": self.get("tokenizer.ggml.merges")}}

    def tensors(self):
        """Yields the name and the array of each tensor, as transformers has them."""
        heads = self.get("llama.attention.head_count")
        key_heads = self.get("llama.attention.head_count_kv", heads)
        for tensor in self.reader.tensors:
            array = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
            parts = tensor.name.split(".")
            if parts[0] != "blk":
                yield f"{OTHER_NAMES[parts[0]]}.weight", array
                continue
            if parts[2] in ("attn_q", "attn_k"):  # GGUF rotates neighbours, transformers halves
                groups = heads if parts[2] == "attn_q" else key_heads
                array = array.reshape(groups, array.shape[0] // groups // 2, 2, -1).swapaxes(1, 2).reshape(array.shape)
            yield f"model.layers.{parts[1]}.{BLOCK_NAMES[parts[2]]}.weight", array


def bfloat16(array):
    """Rounds float32 values to bfloat16: to nearest, ties to even."""
    bits = np.ascontiguousarray(array).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2")


def write_safetensors(path, tensors):
    header, blobs, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name, array in tensors:
        blob = bfloat16(array).tobytes()
        header[name] = {"dtype": "BF16", "shape": list(array.shape), "data_offsets": [offset, offset + len(blob)]}
        offset += len(blob)
        blobs.append(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for blob in blobs:
            file.write(blob)


def main():
    model, folder = Model(sys.argv[1]), pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    config = model.config()
    write_safetensors(folder / "model.safetensors", sorted(model.tensors()))
    generation = {key: config[key] for key in ("bos_token_id", "eos_token_id")}
    for name, document in (("config.json", config), ("generation_config.json", generation),
                           ("tokenizer.json", model.tokenizer()),
                           ("tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast"})):
        (folder / name).write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()

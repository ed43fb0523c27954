"""Natural-log probabilities of the texts of the cases, with NumPy alone, in float64.

Each folder is a small input that was refused or misread: `base`, perhaps `adapter`, and text.txt. golden.json has the ids and the
log-probability of each id after the first. The numbers agree to 1e-3 with those of transformers 5.23 and PEFT 0.21 in float32, which
gave, when the cases were made, at least these:
    adapter_resized           -7.0191 -7.7665 -5.4679 -7.1796 -8.4223 -7.22 -8.7941    the saved embedding and head replace the base's
    all_linear_word           -10.551 -7.8204 -6.8248 -6.9705                          "all-linear" is every linear module but the head
    pad_beyond_vocabulary     -6.5519 -8.2929                                          <pad> has the id vocab_size; the text lacks it
    weights_without_prefix    -7.0993 -8.0143 -8.8341 -5.2449                          the tensors' names lack `model.`

Needs: numpy, tokenizers 0.23.3, sentencepiece 0.2.3. Run in this folder: python score_cases.py
"""
import json
import pathlib
import struct

import numpy as np
import sentencepiece
from tokenizers import Tokenizer


def tensors(path):
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    return {name: np.frombuffer(data[8 + length:], np.float32, (entry["data_offsets"][1] - entry["data_offsets"][0]) // 4,
                                entry["data_offsets"][0]).reshape(entry["shape"]).astype(np.float64) for name, entry in header.items()}


def weights(folder):
    found = tensors(folder / "base" / "model.safetensors")
    found = {name if name.startswith(("model.", "lm_head.")) else "model." + name: tensor for name, tensor in found.items()}
    found.setdefault("lm_head.weight", found["model.embed_tokens.weight"])
    if not (folder / "adapter").exists():
        return found
    config = json.loads((folder / "adapter" / "adapter_config.json").read_text())
    adapter = {name.removeprefix("base_model.model."): tensor for name, tensor in tensors(folder / "adapter" / "adapter_model.safetensors").items()}
    for name, tensor in adapter.items():
        module = name.removesuffix(".lora_A.weight")
        if module != name:
            change = config["lora_alpha"] / config["r"] * adapter[module + ".lora_B.weight"] @ tensor
            found[module + ".weight"] = found[module + ".weight"] + change
        elif name in found:
            found[name] = tensor
    return found


def ids_of(folder):
    text = (folder / "text.txt").read_bytes().decode()
    if (folder / "base" / "tokenizer.json").exists():
        return Tokenizer.from_file(str(folder / "base" / "tokenizer.json")).encode(text).ids
    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "base" / "tokenizer.model"))
    return [model.bos_id(), *model.encode(text)]  # add_bos_token is true


def softmax(scores):
    raised = np.exp(scores - scores.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def score(folder, ids):
    config, weight = json.loads((folder / "base" / "config.json").read_text()), weights(folder)
    heads, key_heads, rows = config["num_attention_heads"], config["num_key_value_heads"], len(ids)
    width = config.get("head_dim", config["hidden_size"] // heads)
    theta = config.get("rope_theta") or config["rope_parameters"]["rope_theta"]
    angle = np.arange(rows)[:, None, None] * theta ** (-np.arange(0, width, 2) / width)

    def norm(x, name):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + config["rms_norm_eps"]) * weight[name]

    def linear(x, name):
        return x @ weight[name + ".weight"].T + weight.get(name + ".bias", 0)

    def rotated(x):
        first, second = np.split(x, 2, -1)
        return np.concatenate([first * np.cos(angle) - second * np.sin(angle), second * np.cos(angle) + first * np.sin(angle)], -1)

    x = weight["model.embed_tokens.weight"][ids]
    for i in range(config["num_hidden_layers"]):
        layer = f"model.layers.{i}."
        y = norm(x, layer + "input_layernorm.weight")
        query, key, value = [linear(y, f"{layer}self_attn.{part}_proj").reshape(rows, -1, width) for part in "qkv"]
        if layer + "self_attn.q_norm.weight" in weight:
            query, key = norm(query, layer + "self_attn.q_norm.weight"), norm(key, layer + "self_attn.k_norm.weight")
        key, value = [np.repeat(part, heads // key_heads, 1) for part in (rotated(key), value)]
        scores = np.einsum("qhd,khd->hqk", rotated(query), key) / np.sqrt(width)
        seen = softmax(np.where(np.tril(np.ones((rows, rows), bool)), scores, -np.inf))
        x = x + linear(np.einsum("hqk,khd->qhd", seen, value).reshape(rows, -1), layer + "self_attn.o_proj")
        y = norm(x, layer + "post_attention_layernorm.weight")
        gate = linear(y, layer + "mlp.gate_proj")
        x = x + linear(gate / (1 + np.exp(-gate)) * linear(y, layer + "mlp.up_proj"), layer + "mlp.down_proj")
    chances = softmax(norm(x, "model.norm.weight") @ weight["lm_head.weight"].T)
    return [round(float(np.log(chances[i, id])), 6) for i, id in enumerate(ids[1:])]


def main():
    cases = {}
    for folder in sorted(path.parent for path in pathlib.Path().glob("*/base")):
        ids = ids_of(folder)
        cases[folder.name] = {"ids": ids, "logprobs": score(folder, ids)}
        print(folder.name, *cases[folder.name]["logprobs"][:7])
    pathlib.Path("golden.json").write_text("{" + ",\n".join(f'"{name}": {json.dumps(case)}' for name, case in cases.items()) + "}\n")


if __name__ == "__main__":
    main()

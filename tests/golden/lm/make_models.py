"""Tiny random-weight models of every family and what transformers computes with them.

Writes models/NAME/{config.json, *.safetensors, golden.json}: the ids of one text, the hidden states
that enter each layer and leave the last norm, and the logits of the last row.

Needs: torch 2.13, transformers 5.23. Run in this folder: python make_models.py
"""
import json
import pathlib
import shutil

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

SIZES = dict(vocab_size=48, hidden_size=16, intermediate_size=24, num_hidden_layers=3, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=128, bos_token_id=1, eos_token_id=2)
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 16, "rope_theta": 500.0}

# name: (config.json, dtype on disk, files). `old` layouts are those before transformers 5.
MODELS = {
    "llama2_old": (dict(SIZES, model_type="llama", num_key_value_heads=4, rope_theta=10000.0, rope_scaling=None,
                        rms_norm_eps=1e-5, torch_dtype="float32", pretraining_tp=1), torch.float32, 1),
    "llama3_old": (dict(SIZES, model_type="llama", rope_theta=500.0, rms_norm_eps=1e-5, torch_dtype="bfloat16",
                        rope_scaling={k: v for k, v in LLAMA3.items() if k != "rope_theta"}), torch.bfloat16, 1),
    "llama3_new": (dict(SIZES, model_type="llama", rope_parameters=LLAMA3, dtype="bfloat16", attention_bias=True,
                        mlp_bias=True), torch.bfloat16, 2),
    "llama_linear": (dict(SIZES, model_type="llama", rope_theta=1000.0, rope_scaling={"type": "linear", "factor": 4},
                          torch_dtype="float16"), torch.float16, 1),
    "smollm2": (dict(SIZES, model_type="llama", tie_word_embeddings=True, rope_theta=100000, rope_interleaved=False,
                     torch_dtype="bfloat16", **{"transformers.js_config": {"dtype": "q4"}}), torch.bfloat16, 1),
    "mistral": (dict(SIZES, model_type="mistral", sliding_window=4, head_dim=12, rope_theta=1e6), torch.bfloat16, 1),
    "qwen2": (dict(SIZES, model_type="qwen2", use_sliding_window=False, sliding_window=4, max_window_layers=1,
                   rope_theta=1e6, tie_word_embeddings=True), torch.bfloat16, 1),
    "qwen2_slides": (dict(SIZES, model_type="qwen2", use_sliding_window=True, sliding_window=5, max_window_layers=1,
                          rope_theta=1e6), torch.bfloat16, 1),
    "qwen3_new": (dict(SIZES, model_type="qwen3", head_dim=8, use_sliding_window=True, sliding_window=6,
                       layer_types=["sliding_attention", "full_attention", "sliding_attention"],
                       rope_parameters={"rope_type": "default", "rope_theta": 1e6}, attention_bias=True),
                  torch.bfloat16, 1),
    "qwen3": (dict(SIZES, model_type="qwen3", rope_theta=1e6, use_sliding_window=False, max_window_layers=3),
              torch.bfloat16, 1),
}
LENGTH = 14


def rounded(x):
    return [float(f"{v:.8g}") for v in x.detach().double().flatten().tolist()]


def main():
    for seed, (name, (config, dtype, files)) in enumerate(MODELS.items()):
        folder = pathlib.Path("models") / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), attn_implementation="eager",
                                                 dtype=torch.float32).eval()
        for parameter in model.parameters():  # larger than the usual 0.02, or every layer would be nearly linear
            scale = 0.3 if parameter.dim() > 1 else 0.2
            value = torch.randn_like(parameter) * scale + (1 if parameter.dim() == 1 else 0)
            parameter.data.copy_(value.to(dtype).float())
        tensors = {k: v.detach().to(dtype).contiguous() for k, v in model.state_dict().items()}
        if config.get("tie_word_embeddings"):
            del tensors["lm_head.weight"]
        names = sorted(tensors)
        if files == 1:
            save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        else:
            place = {n: f"model-{i % files + 1:05}-of-{files:05}.safetensors" for i, n in enumerate(names)}
            for file in sorted(set(place.values())):
                save_file({n: tensors[n] for n in names if place[n] == file}, folder / file, metadata={"format": "pt"})
            (folder / "model.safetensors.index.json").write_text(
                json.dumps({"metadata": {}, "weight_map": place}, indent=1) + "\n")
        ids = torch.randint(0, SIZES["vocab_size"], (1, LENGTH))
        with torch.no_grad():
            out = model(input_ids=ids, output_hidden_states=True)
        golden = {"ids": ids[0].tolist(), "hidden": [rounded(h) for h in out.hidden_states],
                  "logits": rounded(out.logits[0, -1])}
        (folder / "golden.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()

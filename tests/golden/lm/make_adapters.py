"""LoRA adapters as PEFT writes them, on the tiny models of make_models.py, and what PEFT computes with them.

Writes adapters/NAME/{adapter_config.json, adapter_model.safetensors, golden.json}. A prompt mixes tokens and free
vectors; golden.json has what follows the last norm at each row, the last row's logits, the loss sum(weight * hidden),
and its gradients to the free vectors and to every A and B. The adapter of `ours` is not made here: it is what
tests/lm/adapter_test.cpp saves when LEA_WRITE_GOLDEN names that folder, so that golden.json says what PEFT makes of it.

Needs: torch 2.13, transformers 5.23, peft 0.21.2. Run in this folder: python make_adapters.py
"""
import json
import math
import pathlib
import shutil

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

# name: (base, LoraConfig)
ADAPTERS = {
    "list": ("llama3_new", dict(r=4, lora_alpha=8, target_modules=["q_proj", "k_proj", "v_proj"], lora_dropout=0.1)),
    "expression": ("mistral", dict(r=3, lora_alpha=5, use_rslora=True,
                                   target_modules=r".*\.(self_attn\.(q|v)_proj|mlp\.down_proj)",
                                   rank_pattern={r"layers\.0\.self_attn\.q_proj": 2, "q_proj": 5},
                                   alpha_pattern={"down_proj": 16, r"^model\.layers\.1\.self_attn\.v_proj": 1})),
    "every_linear": ("qwen3_new", dict(r=2, lora_alpha=4, target_modules="all-linear", lora_bias=True)),
    "saved_head": ("smollm2", dict(r=2, lora_alpha=4, target_modules=["o_proj"], modules_to_save=["lm_head", "norm"])),
    "biases": ("qwen2", dict(r=2, lora_alpha=4, target_modules=["q_proj"], bias="lora_only")),
    "ours": ("qwen2_slides", None),
}
IDS = [5, 17, -1, 9, -2, 3, -1, 40, 2, 11]  # -1, -2: the first and the second free vector


def rounded(x):
    return [float(f"{v:.8g}") for v in x.detach().double().flatten().tolist()]


def base_of(name):
    return AutoModelForCausalLM.from_pretrained(f"models/{name}", attn_implementation="eager", dtype=torch.float32)


def make(name, base, config, folder):
    model = get_peft_model(base_of(base), LoraConfig(**config))
    for key, parameter in model.named_parameters():
        if parameter.requires_grad:
            parameter.data.add_(torch.randn_like(parameter) * 0.3)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    stated = json.loads(path.read_text())
    stated["base_model_name_or_path"] = base
    if isinstance(stated["target_modules"], list):
        stated["target_modules"].sort()
    path.write_text(json.dumps(stated, indent=1) + "\n")


def main():
    for seed, (name, (base, config)) in enumerate(ADAPTERS.items()):
        torch.manual_seed(seed)
        folder = pathlib.Path("adapters") / name
        if config:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            make(name, base, config, folder)
        model = PeftModel.from_pretrained(base_of(base), folder, is_trainable=True).eval()
        embedding = model.get_input_embeddings().weight
        width = embedding.shape[1]
        vectors = (torch.sin(torch.arange(2 * width) * 0.7).view(2, width) * 0.5).requires_grad_()
        inputs = torch.stack([vectors[-1 - i] if i < 0 else embedding[i] for i in IDS])[None]
        out = model(inputs_embeds=inputs, output_hidden_states=True)
        hidden = out.hidden_states[-1][0]
        weight = torch.cos(torch.arange(hidden.numel()) * 0.3).view_as(hidden)
        loss = (weight * hidden).sum()
        loss.backward()
        gradients = {key.replace(".default", ""): rounded(p.grad) for key, p in model.named_parameters()
                     if ".lora_" in key and p.grad is not None}
        golden = {"base": base, "ids": IDS, "vectors": rounded(vectors), "hidden": rounded(hidden),
                  "logits": rounded(out.logits[0, -1]), "loss": float(loss.detach()),
                  "vectors_gradient": rounded(vectors.grad), "gradients": gradients}
        (folder / "golden.json").write_text(json.dumps(golden) + "\n")
        print(name, float(loss.detach()), len(gradients))


if __name__ == "__main__":
    main()

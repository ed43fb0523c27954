"""What transformers computes with the folder of `tools/fetch_model smollm2-135m`: the ids of a text, the natural-log
probability of each id given those before it, and 64 greedy tokens after a prompt, also with a penalty of 1.3 for repetition, in
float32.

Needs: torch 2.13, transformers 5.23, tokenizers 0.23. Run in this folder: python make_smollm2.py FOLDER > smollm2.json
"""
import json
import sys

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

TEXT = ("A recommender learns from what people did: which film was watched after which, which song was skipped, what was bought "
        "on 2024-11-25 and sent back.\nA language model has read what the items are. The question of this study is whether the "
        "second can stand in for the world of the first, and when it can't. « Déjà vu », dit-elle; 추천 시스템.\n\n1. Data\n2. Model\n")
PROMPT = "The three most important things to know about recommender systems are"


def main():
    folder = sys.argv[1]
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    ids = tokenizer.encode(TEXT).ids
    prompt = tokenizer.encode(PROMPT).ids
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
        logprobs = logits[:-1].gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
        greedy = {penalty: model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt)), max_new_tokens=64,
                                          do_sample=False, repetition_penalty=penalty)[0, len(prompt):].tolist() for penalty in (1.0, 1.3)}
    print(json.dumps({"text": TEXT, "ids": ids, "logprobs": [round(x, 6) for x in logprobs.tolist()], "prompt": PROMPT,
                      "generated": greedy[1.0], "penalized": greedy[1.3]}))


if __name__ == "__main__":
    main()

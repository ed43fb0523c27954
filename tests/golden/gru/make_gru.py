"""Golden states of GRU4Rec: torch.nn.GRU run on each history alone, unpadded.

Needs: torch 2.x. Run in this folder: python make_gru.py > gru.json
"""
import json

import torch

N, D, T = 9, 4, 5
ITEMS = [[0, 0, 0, 0, 0], [3, 0, 0, 0, 0], [2, 9, 2, 0, 0], [1, 4, 6, 8, 0], [5, 2, 1, 3, 7]]
LENGTH = [0, 1, 3, 4, 5]


def rounded(x):
    return [float(f"{v:.8g}") for v in x.detach().double().flatten().tolist()]


def main():
    cases = []
    for layers in (1, 2):
        torch.manual_seed(layers)
        embedding = torch.nn.Embedding(N + 1, D)
        gru = torch.nn.GRU(D, D, num_layers=layers, batch_first=True)
        for parameter in [*embedding.parameters(), *gru.parameters()]:
            parameter.data.copy_(torch.round(parameter.data * 1e4) / 1e4)
        states = []
        for items, length in zip(ITEMS, LENGTH):
            history = items[:length] or [0]  # an empty history is one padding item
            output, _ = gru(embedding(torch.tensor([history])))
            states.append(output[0, -1])
        target = torch.arange(len(ITEMS) * D).reshape(len(ITEMS), D) / 10
        (torch.stack(states) * target).sum().backward()
        weights = {"embedding.weight": embedding.weight, **{f"gru.{k}": v for k, v in gru.named_parameters()}}
        cases.append({
            "layers": layers,
            "weights": {k: {"shape": list(v.shape), "values": rounded(v)} for k, v in weights.items()},
            "gradient": {k: rounded(v.grad) for k, v in weights.items()},
            "states": rounded(torch.stack(states)),
        })
    print(json.dumps({"N": N, "D": D, "T": T, "items": ITEMS, "length": LENGTH, "cases": cases}))


if __name__ == "__main__":
    main()

"""Golden states of SASRec as the published SNQN / SA2C code has it, computed at every position.

Needs: torch 2.x. Run in this folder: python make_sasrec.py > sasrec.json

From its description: learned positions, no scaling of embeddings; the query is the layer-normed input, key
and value come from the raw input; causal, key and query masks; the residual adds the normalised query; the
feed-forward's residual adds its normalised input; a final norm; eps 1e-8; padding multiplied by 0.
"""
import json
import math

import torch

N, D, T = 9, 4, 5
ITEMS = [[0, 0, 0, 0, 0], [3, 0, 0, 0, 0], [2, 9, 2, 0, 0], [1, 4, 6, 8, 0], [5, 2, 1, 3, 7]]
LENGTH = [0, 1, 3, 4, 5]


def layer_norm(x, w, prefix):
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return w[prefix + ".weight"] * (x - mean) / torch.sqrt(variance + 1e-8) + w[prefix + ".bias"]


def linear(x, w, prefix):
    return x @ w[prefix + ".weight"].T + w[prefix + ".bias"]


def block(x, mask, w, prefix, heads):
    """x [T, D] of one history, mask [T] 1 at items."""
    query = layer_norm(x, w, prefix + "attention_norm")
    q, k, v = (linear(source, w, prefix + name) for source, name in ((query, "query"), (x, "key"), (x, "value")))
    size, parts = D // heads, []
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        scores = q[:, part] @ k[:, part].T / math.sqrt(size)
        for i in range(T):
            for j in range(T):
                if j > i or mask[j] == 0:
                    scores[i, j] = -2.0**32 + 1
        weights = torch.softmax(scores, dim=-1) * mask[:, None]
        parts.append(weights @ v[:, part])
    attended = torch.cat(parts, dim=1) + query
    normalised = layer_norm(attended, w, prefix + "feed_norm")
    fed = linear(torch.relu(linear(normalised, w, prefix + "inner")), w, prefix + "outer")
    return (fed + normalised) * mask[:, None]


def state(items, length, w, blocks, heads):
    mask = torch.tensor([1.0 if i < length else 0.0 for i in range(T)], dtype=torch.float64)
    x = (w["item.weight"][torch.tensor(items)] + w["position"]) * mask[:, None]
    for i in range(blocks):
        x = block(x, mask, w, f"block{i}.", heads)
    return layer_norm(x, w, "final_norm")[max(length, 1) - 1]


def rounded(x):
    return [float(f"{v:.8g}") for v in x.detach().flatten().tolist()]


def main():
    cases = []
    for blocks, heads in ((1, 1), (1, 2), (2, 1), (3, 4)):
        torch.manual_seed(10 * blocks + heads)
        shapes = {"item.weight": (N + 1, D), "position": (T, D), "final_norm.weight": (D,), "final_norm.bias": (D,)}
        for i in range(blocks):
            for name in ("query", "key", "value", "inner", "outer"):
                shapes[f"block{i}.{name}.weight"] = (D, D)
                shapes[f"block{i}.{name}.bias"] = (D,)
            for name in ("attention_norm", "feed_norm"):
                shapes[f"block{i}.{name}.weight"] = (D,)
                shapes[f"block{i}.{name}.bias"] = (D,)
        w = {}
        for name, shape in shapes.items():
            values = torch.randn(shape, dtype=torch.float64) * 0.7 + (1.0 if "norm.weight" in name else 0.0)
            w[name] = (torch.round(values * 1e4) / 1e4).requires_grad_()
        states = torch.stack([state(i, n, w, blocks, heads) for i, n in zip(ITEMS, LENGTH)])
        (states * torch.arange(len(ITEMS) * D, dtype=torch.float64).reshape(len(ITEMS), D) / 10).sum().backward()
        cases.append({
            "blocks": blocks,
            "heads": heads,
            "weights": {k: {"shape": list(v.shape), "values": rounded(v)} for k, v in w.items()},
            "gradient": {k: rounded(v.grad) for k, v in w.items()},
            "states": rounded(states),
        })
    print(json.dumps({"N": N, "D": D, "T": T, "items": ITEMS, "length": LENGTH, "cases": cases}))


if __name__ == "__main__":
    main()

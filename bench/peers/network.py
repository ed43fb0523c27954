"""The network of both peer forms: a backbone with a supervised head and a Q head. Needs torch."""

import torch
from torch import nn
from torch.nn import functional as F

LENGTH, WIDTH = 10, 64


class Gru4Rec(nn.Module):
    """One GRU layer over right-padded histories; the state is the output at the last item."""

    def __init__(self, items):
        super().__init__()
        self.embedding = nn.Embedding(items + 1, WIDTH)
        self.gru = nn.GRU(WIDTH, WIDTH, batch_first=True)

    def forward(self, items, length):
        output, _ = self.gru(self.embedding(items))
        return output[torch.arange(len(items)), length - 1]


class SasRec(nn.Module):
    """One block and one head with dropout 0.1, as in the code of the SNQN paper."""

    def __init__(self, items):
        super().__init__()
        self.embedding = nn.Embedding(items + 1, WIDTH)
        self.position = nn.Embedding(LENGTH, WIDTH)
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.inner, self.outer = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH, eps=1e-8) for _ in range(3))
        self.dropout = nn.Dropout(0.1)
        self.register_buffer("future", torch.ones(LENGTH, LENGTH).triu(1).bool())

    def forward(self, items, length):
        real = (torch.arange(LENGTH) < length[:, None]).unsqueeze(-1)
        x = self.dropout(self.embedding(items) + self.position.weight) * real
        normed = self.norms[0](x)
        scores = self.query(normed) @ self.key(x).transpose(1, 2) / WIDTH**0.5
        hidden = self.future | ~real.transpose(1, 2)
        weights = self.dropout(scores.masked_fill(hidden, -1e9).softmax(-1))
        x = normed + weights @ self.value(x)
        normed = self.norms[1](x)
        x = normed + self.dropout(self.outer(self.dropout(F.relu(self.inner(normed)))))
        x = self.norms[2](x * real)
        return x[torch.arange(len(items)), length - 1]


class QNetwork(nn.Module):
    def __init__(self, backbone, items):
        super().__init__()
        self.backbone = {"gru4rec": Gru4Rec, "sasrec": SasRec}[backbone](items)
        self.q = nn.Linear(WIDTH, items)
        self.supervised = nn.Linear(WIDTH, items)


class Batch:
    """A random transition. Items are 1..N with 0 as padding; actions are columns 0..N-1."""

    def __init__(self, items, batch, negatives, seed=1):
        draw = torch.Generator().manual_seed(seed)
        self.length = torch.randint(1, LENGTH + 1, (batch,), generator=draw)
        self.history = torch.randint(1, items + 1, (batch, LENGTH), generator=draw)
        self.history[torch.arange(LENGTH) >= self.length[:, None]] = 0
        self.action = torch.randint(0, items, (batch,), generator=draw)
        self.next = torch.cat([self.history, torch.zeros(batch, 1, dtype=torch.long)], 1)
        self.next[torch.arange(batch), self.length] = self.action + 1
        full = self.length == LENGTH
        self.next = torch.where(full[:, None], self.next[:, 1:], self.next[:, :-1])
        self.next_length = (self.length + 1).clamp(max=LENGTH)
        self.negatives = torch.randint(0, items, (batch, negatives), generator=draw)
        self.done = torch.rand(batch, generator=draw) < 0.1
        self.reward = torch.ones(batch)
        self.negative_reward = torch.zeros(batch)

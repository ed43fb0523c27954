"""One SNQN or SA2C step as a careful researcher writes it in eager PyTorch: it gathers rows of the
Q head for the values of the few actions, takes each argmax once, computes targets without gradient
and uses fused Adam. Needs torch.
"""

import torch
from torch.nn import functional as F

from peers.network import QNetwork

GAMMA = 0.5


def q_values(head, state, actions):
    """Returns the values of the K actions of each row, [B, K]."""
    rows = F.embedding(actions, head.weight)
    bias = F.embedding(actions, head.bias.unsqueeze(-1)).squeeze(-1)
    return torch.baddbmm(bias.unsqueeze(-1), rows, state.unsqueeze(-1)).squeeze(-1)


class Step:
    def __init__(self, framework, backbone, items, learning_rate=0.005):
        self.framework = framework
        self.networks = [QNetwork(backbone, items) for _ in range(2)]
        self.optimizers = [
            torch.optim.Adam(n.parameters(), lr=learning_rate, fused=True) for n in self.networks
        ]

    def __call__(self, batch):
        coin = int(torch.rand(()) < 0.5)
        main, target = self.networks[coin], self.networks[1 - coin]
        state = main.backbone(batch.history, batch.length)
        with torch.no_grad():
            best_next = main.q(main.backbone(batch.next, batch.next_length)).argmax(-1)
            best_here = main.q(state).argmax(-1)
            next_state = target.backbone(batch.next, batch.next_length)
            here_state = target.backbone(batch.history, batch.length)
            q_next = q_values(target.q, next_state, best_next[:, None]).squeeze(-1)
            q_here = q_values(target.q, here_state, best_here[:, None])
            positive = batch.reward + GAMMA * q_next * ~batch.done
            negative = batch.negative_reward[:, None] + GAMMA * q_here
        actions = torch.cat([batch.action[:, None], batch.negatives], 1)
        q = q_values(main.q, state, actions)
        targets = torch.cat([positive[:, None], negative.expand_as(batch.negatives)], 1)
        q_loss = 0.5 * ((targets - q) ** 2).sum(1)
        cross_entropy = F.cross_entropy(main.supervised(state), batch.action, reduction="none")
        if self.framework == "sa2c":
            values = q.detach()
            cross_entropy = (values[:, 0] - values.mean(1)).clamp(0, 10) * cross_entropy
        loss = (q_loss + cross_entropy).mean()
        self.optimizers[coin].zero_grad()
        loss.backward()
        self.optimizers[coin].step()
        return loss

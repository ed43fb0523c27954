"""One SNQN or SA2C step computed as the published code computes it (Xin et al., arXiv 2111.03474):
every Q-learning term runs over dense [B, N] values and one-hots, each negative repeats the argmax,
each target is a full forward pass that builds a graph and drops it, and Adam updates one parameter
at a time. Needs torch.
"""

import torch
from torch.nn import functional as F

from peers.network import QNetwork

GAMMA = 0.5


def batched_index(values, index):
    return (values * F.one_hot(index, values.shape[1])).sum(-1)


def double_q_loss(q, action, reward, discount, q_next, q_selector):
    """trfl's double_qlearning: 0.5 * TD^2 for one action a row."""
    target = reward + discount * batched_index(q_next, q_selector.argmax(-1))
    return 0.5 * (target.detach() - batched_index(q, action)) ** 2


class Step:
    def __init__(self, framework, backbone, items, learning_rate=0.005):
        self.framework = framework
        self.networks = [QNetwork(backbone, items) for _ in range(2)]
        self.optimizers = [
            torch.optim.Adam(n.parameters(), lr=learning_rate, foreach=False, fused=False)
            for n in self.networks
        ]
        self.share = torch.full((items,), 1.0 / items)

    def __call__(self, batch):
        coin = int(torch.rand(()) < 0.5)
        main, target = self.networks[coin], self.networks[1 - coin]
        state = main.backbone(batch.history, batch.length)
        q, logits = main.q(state), main.supervised(state)
        q_selector = main.q(main.backbone(batch.next, batch.next_length))
        q_next = target.q(target.backbone(batch.next, batch.next_length))
        q_here = target.q(target.backbone(batch.history, batch.length))
        q_next = q_next * (~batch.done).float().unsqueeze(-1)
        q_loss = double_q_loss(q, batch.action, batch.reward, GAMMA, q_next, q_selector)
        for k in range(batch.negatives.shape[1]):
            q_loss = q_loss + double_q_loss(
                q, batch.negatives[:, k], batch.negative_reward, GAMMA, q_here, q
            )
        cross_entropy = F.cross_entropy(logits, batch.action, reduction="none")
        if self.framework == "sa2c":
            cross_entropy = self.advantage(q, logits, batch) * cross_entropy
        loss = (q_loss + cross_entropy).mean()
        self.optimizers[coin].zero_grad()
        loss.backward()
        self.optimizers[coin].step()
        return loss

    def advantage(self, q, logits, batch):
        """Returns the advantage over the mean of logged and sampled actions, times the correction.
        The correction has the power 0, and so no effect."""
        q, logits = q.detach(), logits.detach()
        chosen = batched_index(q, batch.action)
        total = chosen
        for k in range(batch.negatives.shape[1]):
            total = total + batched_index(q, batch.negatives[:, k])
        advantage = (chosen - total / (1 + batch.negatives.shape[1])).clamp(0, 10)
        share = batched_index(logits.softmax(-1), batch.action) / self.share[batch.action]
        return advantage * share.clamp(0.1, 10) ** 0.0

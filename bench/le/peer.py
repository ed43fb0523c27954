"""The build of the language-model environment as a straightforward script with transformers and PEFT makes it: one
padded prompt for each history, and one for each history and candidate, which share nothing.

Prompts are embeddings, the language-model head is left out, and rows are sorted by length before they are padded
(peers/language.py). The prompts are those that `lealab artefacts prompts` shows, so that both compute the same numbers.
"""

import pathlib
import re

import numpy
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file

from peers import language

BATCH = 32  # prompts


class Template:
    """The token ids around the items of a prompt, taken from the first example that has two items in its history."""

    def __init__(self, shown):
        one = r"(?:\d+|<item \d+>)"
        for line in shown.splitlines():
            if not re.fullmatch(f"{one}(?: {one})*", line.strip()):
                continue
            parts = re.split(r"<item \d+>", line.strip())
            # A history, then the candidate, behind which nothing stands.
            if len(parts) < 4 or parts[-1].strip():
                continue
            ids = [[int(one) for one in part.split()] for part in parts]
            if ids[-2] == ids[1]:
                continue  # a state: the same text stands between all of its items
            self.header, self.separator, self.to_action = ids[0], ids[1], ids[-2]
            return
        raise SystemExit("no prompt for a reward with two items before it was shown")


class Data:
    """The training sequences of a lab's data set, in the lab's order and numbers of items."""

    def __init__(self, folder, split):
        offsets = numpy.fromfile(folder / "offsets.u64", dtype=numpy.uint64).astype(numpy.int64)
        items = numpy.fromfile(folder / "items.u32", dtype=numpy.uint32).astype(numpy.int64)
        lines = pathlib.Path(split).read_text(encoding="utf-8").splitlines()[1:]
        part = dict(line.split("\t")[:2] for line in lines)
        names = (folder / "sequence_ids.txt").read_text(encoding="utf-8").splitlines()
        training = [s for s, name in enumerate(names) if part.get(name) == "train"]
        self.sequences = [items[offsets[s] : offsets[s + 1]].tolist() for s in training]
        # (training event, place, sequence, position) of each event with a history
        self.events, event = [], 0
        for number, sequence in enumerate(self.sequences):
            self.events += [(event + t, event + t + number, number, t) for t in range(1, len(sequence))]
            event += len(sequence)

    def history(self, sequence, position, window=10):
        return self.sequences[sequence][max(0, position - window) : position]


class Prompts:
    def __init__(self, model, template, vectors):
        self.table = model.get_input_embeddings().weight.detach()
        self.vectors = vectors.to(self.table.dtype)
        self.template = template

    def tokens(self, ids):
        return self.table[torch.tensor(ids, dtype=torch.long)]

    def item(self, item):
        return self.vectors[item - 1 : item]

    def state(self, history):
        rows = [self.tokens(self.template.header)]
        for place, one in enumerate(history):
            rows += ([self.tokens(self.template.separator)] if place else []) + [self.item(one)]
        return torch.cat(rows)

    def reward(self, history, action):
        return torch.cat([self.state(history), self.tokens(self.template.to_action), self.item(action)])


def tensors(folder, name):
    return load_file(folder / name)


class Inference:
    """States and rewards by the adapter that was made, merged into the model."""

    def __init__(self, model_folder, adapter, template, dtype):
        base = language.load(model_folder, dtype)
        self.model = PeftModel.from_pretrained(base, str(adapter / "adapter")).merge_and_unload().eval()
        self.prompts = Prompts(self.model, template, tensors(adapter, "tokens.safetensors")["tokens"])
        head = tensors(adapter, "head.safetensors")
        self.weight, self.bias = head["weight"].float(), head["bias"].float()

    def states(self, histories):
        return language.infer_batched(self.model, [self.prompts.state(h) for h in histories], BATCH).float()

    def rewards(self, histories, actions):
        """[events, candidates]"""
        prompts = [self.prompts.reward(h, a) for h, row in zip(histories, actions) for a in row]
        hidden = language.infer_batched(self.model, prompts, BATCH).float()
        return (hidden @ self.weight + self.bias).view(len(histories), -1)


class Step:
    """One step of the adapter, as le_fast states it: all events of eight sequences, L_rm with two sampled items, L_sm as
    a softmax over the batch's items outside of the sequence, Adam, clipping. Gradients are accumulated over chunks of
    events, so that a step fits into memory; both losses are means over events, so this changes nothing."""

    CHUNK, NEGATIVES, SCALE = 16, 2, 0.3

    def __init__(self, model_folder, adapter, template, data, dtype):
        base = language.load(model_folder, dtype)
        self.vectors = tensors(adapter, "tokens.safetensors")["tokens"].float()
        self.prompts = Prompts(base, template, self.vectors)
        config = LoraConfig(r=8, lora_alpha=16, target_modules=["q_proj", "k_proj", "v_proj", "o_proj"])
        self.model = get_peft_model(base, config).train()
        bound = self.vectors.shape[1] ** -0.5
        self.head = torch.empty(self.vectors.shape[1]).uniform_(-bound, bound).requires_grad_()
        self.parameters = [p for p in self.model.parameters() if p.requires_grad] + [self.head]
        self.optimizer = torch.optim.Adam(self.parameters, lr=3e-3)
        self.data = data

    def events_of(self, sequences):
        return [(s, t) for s in sequences for t in range(1, len(self.data.sequences[s]))]

    def losses(self, body, events, logged, own):
        histories = [self.data.history(s, t) for s, t in events]
        sampled = torch.randint(1, len(self.vectors) + 1, (len(events), self.NEGATIVES)).tolist()
        actions = [[self.data.sequences[s][t], *drawn] for (s, t), drawn in zip(events, sampled)]
        states = language.last_rows(body, [self.prompts.state(h) for h in histories]).float()
        prompts = [self.prompts.reward(h, a) for h, row in zip(histories, actions) for a in row]
        rewards = (language.last_rows(body, prompts).float() @ self.head).view(len(events), -1)
        reward_loss = -torch.nn.functional.logsigmoid(rewards[:, :1] - rewards[:, 1:]).mean(1).sum()
        items = torch.tensor([row[0] for row in actions])
        scores = self.SCALE * states @ self.vectors[logged - 1].T
        of = torch.tensor([s for s, _ in events])
        scores = scores.masked_fill(own[of], float("-inf"))
        positive = self.SCALE * (states * self.vectors[items - 1]).sum(1, keepdim=True)
        state_loss = (torch.cat([positive, scores], 1).logsumexp(1) - positive[:, 0]).sum()
        return reward_loss + state_loss

    def __call__(self, sequences):
        body = self.model.base_model.model.model
        events = self.events_of(sequences)
        logged = torch.tensor([self.data.sequences[s][t] for s, t in events])
        # The items that stand in a sequence are no negatives of its events.
        own = {s: torch.isin(logged, torch.tensor(self.data.sequences[s])) for s in sequences}
        own = torch.stack([own.get(s, torch.zeros_like(logged, dtype=torch.bool)) for s in range(max(sequences) + 1)])
        self.optimizer.zero_grad()
        for first in range(0, len(events), self.CHUNK):
            (self.losses(body, events[first : first + self.CHUNK], logged, own) / len(events)).backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1)
        self.optimizer.step()

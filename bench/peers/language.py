"""The work of bench_lm as a careful user of transformers and PEFT writes it: prompts are
embeddings, use_cache is off, the language-model head is left out, gradients are computed only
where they are needed, and rows are sorted by length before they are padded."""

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM


def load(folder, dtype, attention="sdpa"):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation=attention).eval()


class Prompts:
    """The three prompts of each event as rows of embeddings, each read at its last row."""

    def __init__(self, model, work, vectors):
        self.table = model.get_input_embeddings().weight.detach()
        self.vectors = vectors.to(self.table.dtype)
        self.work = work

    def tokens(self, ids):
        return self.table[torch.tensor(ids)]

    def of(self, event):
        work = self.work
        _, history, item, negative = event
        user = [self.tokens(work["header"])]
        for one in history:
            user += [self.tokens([work["separator"]]), self.vectors[one : one + 1]]
        prompts = [torch.cat(user)]
        for action in (item, negative):
            rows = [self.tokens(work["before"]), self.vectors[action : action + 1], self.tokens(work["behind"])]
            prompts.append(torch.cat([prompts[0], *rows]))
        return prompts


def padded(prompts):
    lengths = torch.tensor([len(p) for p in prompts])
    inputs = torch.nn.utils.rnn.pad_sequence(prompts, batch_first=True)
    mask = (torch.arange(inputs.shape[1])[None] < lengths[:, None]).long()
    return inputs, mask, lengths


def last_rows(model, prompts):
    inputs, mask, lengths = padded(prompts)
    hidden = model(inputs_embeds=inputs, attention_mask=mask, use_cache=False).last_hidden_state
    return hidden[torch.arange(len(prompts)), lengths - 1]


@torch.no_grad()
def infer_one_by_one(model, prompts):
    body = model.model
    return torch.cat([body(inputs_embeds=p[None], use_cache=False).last_hidden_state[:, -1] for p in prompts])


@torch.no_grad()
def infer_batched(model, prompts, batch):
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    result = [None] * len(prompts)
    for first in range(0, len(order), batch):
        some = order[first : first + batch]
        for i, row in zip(some, last_rows(model.model, [prompts[i] for i in some])):
            result[i] = row
    return torch.stack(result)


class LoraStep:
    """One AdamW step on both losses over a batch of events, as in bench_lm."""

    def __init__(self, folder, dtype, work, vectors, separate):
        base = load(folder, dtype)
        self.prompts = Prompts(base, work, vectors)
        config = LoraConfig(r=8, lora_alpha=16, target_modules=["q_proj", "k_proj", "v_proj"])
        self.model = get_peft_model(base, config).train()
        width = vectors.shape[1]
        self.head = (torch.sin(torch.arange(width, dtype=torch.float32)) * 0.05).requires_grad_()
        self.vectors = vectors
        self.separate = separate  # states in a batch of their own, which is shorter
        parameters = [p for p in self.model.parameters() if p.requires_grad] + [self.head]
        self.optimizer = torch.optim.AdamW(parameters, lr=1e-4)

    def __call__(self, events):
        prompts = [self.prompts.of(event) for event in events]
        body = self.model.base_model.model.model
        states, positive, negative = (list(column) for column in zip(*prompts))
        if self.separate:
            state = last_rows(body, states)
            both = last_rows(body, positive + negative)
        else:
            hidden = last_rows(body, states + positive + negative)
            state, both = hidden[: len(events)], hidden[len(events) :]
        reward = both.float() @ self.head
        margin = reward[: len(events)] - reward[len(events) :]
        item = self.vectors[[e[2] for e in events]] - self.vectors[[e[3] for e in events]]
        contrast = (state.float() * item).sum(1)
        loss = -(torch.nn.functional.logsigmoid(margin) + torch.nn.functional.logsigmoid(contrast)).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


class VectorStep:
    """One Adam step of one item's vector: the next-token loss of its sentence, the model frozen."""

    def __init__(self, model, texts, vectors):
        self.model = model.requires_grad_(False)
        self.texts = [torch.tensor(text) for text in texts]
        self.free = [vectors[i].clone().requires_grad_() for i in range(len(texts))]
        self.optimizers = [torch.optim.Adam([v], lr=5e-3) for v in self.free]

    def __call__(self, item):
        text, free = self.texts[item], self.free[item]
        words = self.model.get_input_embeddings()(text[:-1])
        inputs = torch.cat([free[None].to(words.dtype), words])[None]
        logits = self.model(inputs_embeds=inputs, use_cache=False).logits[0]
        loss = torch.nn.functional.cross_entropy(logits.float(), text)
        self.optimizers[item].zero_grad()
        loss.backward()
        self.optimizers[item].step()
        return loss.item()

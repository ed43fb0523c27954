"""What PyTorch, transformers and PEFT compute for Eqs. (1) to (5) with a tiny model and six users.

Writes model/ (a random model with a tokenizer) and le.json. For each case of CASES: the random start of adapter and
head, losses and gradients of the first step, all parameters after three steps of Adam, losses and gradients of the
fourth step, then the states of all places, the rewards of some items after each history, and for each user the logits of
the labels after the selection prompt. Each prompt is computed by itself.

Needs: torch 2.13, transformers 5.23, peft 0.21, tokenizers 0.23. Run in this folder: python make_le.py
"""
import json
import pathlib
import shutil

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoConfig, AutoModelForCausalLM

MASK = (1 << 64) - 1
ITEMS, WINDOW, SEED, STEPS = 12, 4, 7, 3
SEQUENCES = [[1, 2, 3, 4, 5, 6, 7], [8, 9, 1], [10, 11], [2, 2, 12, 5], [7], [3, 9, 4, 10, 1, 8]]
WORDS = ("the user has bought these products in order compute the likelihood that be the next of all in the list of "
         "following first second third fourth fifth red lamp chair blue oak table shelf white is titled")
CONFIG = dict(model_type="llama", vocab_size=400, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
              num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256, bos_token_id=1, eos_token_id=2,
              rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=True, torch_dtype="float32")
WORDINGS = dict(user_prompt="the user has bought these products in order: {history},",
                action_prompt="the likelihood that {item} be the next of all.",
                selection_prompt="in the list of:[{list}], next", separator=", ", joint=" ",
                hoisted_prompt="the user has bought these products: {history} next {item}")
COMMON = dict(rank=2, alpha=4.0, targets="q_proj k_proj v_proj o_proj", learning_rate=0.01, seed=SEED)
LABELS = [" first", " second", " third", " fourth", " fifth"]
LISTS = [[(user + 2 * place) % ITEMS + 1 for place in range(len(LABELS))] for user in range(len(SEQUENCES))]
CASES = {
    "paper": dict(order="paper", state_prompt="items", batch_of="events", batch_size=5, negatives=1,
                  state_loss="logistic", state_negatives="batch", similarity="dot", state_scale=1.0),
    "user": dict(order="paper", state_prompt="user", batch_of="events", batch_size=7, negatives=2,
                 state_loss="softmax", state_negatives="sampled", similarity="cosine", state_scale=5.0,
                 head_bias=True, fixed_negatives=True, begin_token=True, warm_up_steps=2, schedule="linear"),
    "hoisted": dict(order="hoisted", batch_of="sequences", batch_size=4, negatives=2, state_loss="softmax",
                    state_negatives="batch", similarity="dot", state_scale=0.3, clip=0.1, reward_weight=0.5,
                    state_weight=2.0),
    "difference": dict(order="hoisted", batch_of="sequences", batch_size=6, negatives=1, state_loss="difference",
                       state_negatives="sampled", similarity="cosine", state_scale=1.0),
    "mean": dict(order="paper", state_prompt="items", hidden_state="mean", batch_of="events", batch_size=5,
                 negatives=1, state_loss="logistic", state_negatives="batch", similarity="dot", state_scale=1.0),
    "hoisted_mean": dict(order="hoisted", hidden_state="mean", batch_of="sequences", batch_size=4, negatives=2,
                         state_loss="softmax", state_negatives="batch", similarity="cosine", state_scale=5.0),
}


# ---- the random numbers of core/api (mix, below, allowed_item)

def scramble(x):
    x = ((x ^ (x >> 30)) * 0xbf58476d1ce4e5b9) & MASK
    x = ((x ^ (x >> 27)) * 0x94d049bb133111eb) & MASK
    return x ^ (x >> 31)


def mix(a, b, c=0, d=0):
    h = 0
    for word in (a, b, c, d):
        h = scramble((h + word + 0x9e3779b97f4a7c15) & MASK)
    return h


def below(bits, n):
    return (bits * n) >> 64


# ---- model and tokenizer

def make_model():
    folder = pathlib.Path("model")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=399, special_tokens=["<unk>", "<s>", "</s>"],
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator([" " + WORDS] * 10, trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=1) + "\n")
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), attn_implementation="eager",
                                             dtype=torch.float32).eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(1 + 0.1 * torch.randn_like(p) if "norm" in name else 0.15 * torch.randn_like(p))
    state = {k: v.contiguous() for k, v in model.state_dict().items() if k != "lm_head.weight"}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    return model, tokenizer


# ---- prompts

class Prompts:
    def __init__(self, tokenizer, case):
        self.tokenizer, self.case = tokenizer, case
        self.begin = [1] if case.get("begin_token") else []

    def text(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def item(self, item):
        return [CONFIG["vocab_size"] + item - 1]

    def chain(self, history, separator):
        ids = []
        for i, item in enumerate(history):
            ids += (separator if i else []) + self.item(item)
        return ids

    def user(self, history):
        key = "hoisted_prompt" if self.case["order"] == "hoisted" else "user_prompt"
        return (self.begin + self.text(WORDINGS[key].split("{history}")[0]) +
                self.chain(history, self.text(WORDINGS["separator"])))

    def state(self, history):
        if self.case["order"] == "hoisted":
            return self.user(history)
        if self.case["state_prompt"] == "user":
            return self.user(history) + self.text(WORDINGS["user_prompt"].split("{history}")[1])
        return self.begin + self.chain(history, [])

    def reward(self, history, item):
        if self.case["order"] == "hoisted":
            middle = WORDINGS["hoisted_prompt"].split("{history}")[1].split("{item}")[0]
            return self.user(history) + self.text(middle) + self.item(item)
        before, after = WORDINGS["action_prompt"].split("{item}")
        middle = WORDINGS["user_prompt"].split("{history}")[1] + WORDINGS["joint"] + before
        return self.user(history) + self.text(middle) + self.item(item) + self.text(after)

    # In both orders of reward prompts.
    def selection(self, history, candidates):
        before, after = WORDINGS["user_prompt"].split("{history}")
        to_list, closing = WORDINGS["selection_prompt"].split("{list}")
        return (self.begin + self.text(before) + self.chain(history, self.text(WORDINGS["separator"])) +
                self.text(after + WORDINGS["joint"] + to_list) + self.chain(candidates, self.text(", ")) +
                self.text(closing))

    def labels(self):
        ids = [self.text(label) for label in LABELS]
        assert all(len(one) == 1 for one in ids)
        return [one[0] for one in ids]


# ---- batches

OFFSET = [0]
for s in SEQUENCES:
    OFFSET.append(OFFSET[-1] + len(s))


def rows_of(case, step):
    units = []
    for s, items in enumerate(SEQUENCES):
        rows = [(s, end) for end in range(1, len(items))]
        units += [rows] if case["batch_of"] == "sequences" and rows else [[row] for row in rows]
    per_epoch = -(-len(units) // case["batch_size"])
    order = list(range(len(units)))
    for i in range(len(order) - 1, 0, -1):
        j = below(mix(0x6c656f72, SEED, step // per_epoch, i), i + 1)
        order[i], order[j] = order[j], order[i]
    first = step % per_epoch * case["batch_size"]
    return sorted(row for u in order[first:first + case["batch_size"]] for row in units[u])


def negatives_of(case, step, rows):
    count, result = case["negatives"], []
    for number, (s, end) in enumerate(rows):
        allowed = [i for i in range(1, ITEMS + 1) if i not in SEQUENCES[s]]
        drawn = []
        for k in range(count):
            bits = (mix(0x6c656678, SEED, OFFSET[s] + end, k) if case.get("fixed_negatives")
                    else mix(0x6c656e65, SEED, step, number * count + k))
            drawn.append(allowed[below(bits, len(allowed))])
        result.append(drawn)
    return result


# ---- the LE

class LE:
    def __init__(self, model, tokenizer, tokens, case):
        self.case, self.tokens, self.prompts = case, tokens, Prompts(tokenizer, case)
        self.embedding = torch.cat([model.get_input_embeddings().weight.detach(), tokens])
        self.model = get_peft_model(model, LoraConfig(r=COMMON["rank"], lora_alpha=COMMON["alpha"],
                                                      target_modules=COMMON["targets"].split(), lora_dropout=0.0))
        named = dict(self.model.named_parameters())
        self.names, self.parameters = [], []
        for name in sorted({n.split(".lora_")[0] for n in named if ".lora_" in n}):
            for part in "AB":
                self.names.append(name.removeprefix("base_model.model.") + ".lora_" + part)
                self.parameters.append(named[f"{name}.lora_{part}.default.weight"])
        width = CONFIG["hidden_size"]
        torch.manual_seed(mix(0x6c657374, SEED))
        with torch.no_grad():
            for i in range(0, len(self.parameters), 2):
                a, b = self.parameters[i:i + 2]
                a.copy_(torch.empty(a.shape).uniform_(-a.shape[1] ** -0.5, a.shape[1] ** -0.5))
                b.zero_()
        self.head = torch.empty(width).uniform_(-width ** -0.5, width ** -0.5).requires_grad_()
        self.bias = torch.zeros(1)
        self.names.append("head.weight")
        self.parameters.append(self.head)
        if case.get("head_bias"):
            self.bias = torch.empty(1).uniform_(-width ** -0.5, width ** -0.5).requires_grad_()
            self.names.append("head.bias")
            self.parameters.append(self.bias)

    def hidden(self, ids):
        x = self.embedding[torch.tensor(ids)].unsqueeze(0)
        hidden = self.model.base_model.model.model(inputs_embeds=x).last_hidden_state[0]
        return hidden.mean(0) if self.case.get("hidden_state") == "mean" else hidden[-1]

    def state(self, history):
        return self.hidden(self.prompts.state(history))

    def reward(self, history, item):
        return self.head @ self.hidden(self.prompts.reward(history, item)) + self.bias[0]

    # The model's own head scores the labels.
    def label_logits(self, history, candidates):
        x = self.embedding[torch.tensor(self.prompts.selection(history, candidates))].unsqueeze(0)
        return self.model(inputs_embeds=x).logits[0, -1, self.prompts.labels()]

    def losses(self, step):
        case, rows = self.case, rows_of(self.case, step)
        negatives = negatives_of(case, step, rows)
        reward_terms, state_terms = [], []
        logged = [SEQUENCES[s][end] for s, end in rows]
        others = logged if case["state_negatives"] == "batch" else [i for row in negatives for i in row]
        for (s, end), drawn, positive in zip(rows, negatives, logged):
            history = SEQUENCES[s][max(0, end - WINDOW):end]
            plus = self.reward(history, positive)
            for item in drawn:
                reward_terms.append(-torch.nn.functional.logsigmoid(plus - self.reward(history, item)))
            state = self.state(history)

            def similarity(item):
                token = self.tokens[item - 1]
                if case["similarity"] == "cosine":
                    return torch.cosine_similarity(state, token, dim=0) * case["state_scale"]
                return state @ token * case["state_scale"]

            own = similarity(positive)
            gaps = [own - similarity(item) for item in others if item not in SEQUENCES[s]]
            if not gaps:
                continue
            gaps = torch.stack(gaps)
            if case["state_loss"] == "softmax":
                state_terms.append(torch.log1p(torch.exp(-gaps).sum()))
            elif case["state_loss"] == "logistic":
                state_terms.append(-torch.nn.functional.logsigmoid(gaps).mean())
            else:
                state_terms.append(-gaps.mean())
        reward = torch.stack(reward_terms).mean()
        state = torch.stack(state_terms).mean() if state_terms else torch.zeros(())
        return (case.get("reward_weight", 1) * reward + case.get("state_weight", 1) * state), reward, state


def rounded(x):
    return [float(f"{v:.8g}") for v in x.detach().double().flatten().tolist()]


def snapshot(le, gradients=False):
    return {n: rounded(p.grad if gradients else p) for n, p in zip(le.names, le.parameters)}


def step_of(le, step):
    for p in le.parameters:
        p.grad = None
    total, reward, state = le.losses(step)
    total.backward()
    return {"loss": float(total.detach()), "reward_loss": float(reward.detach()), "state_loss": float(state.detach()),
            "gradients": snapshot(le, gradients=True)}


def learning_rate(case, step):
    warm = case.get("warm_up_steps", 0)
    if step < warm:
        return COMMON["learning_rate"] * (step + 1) / warm
    if case.get("schedule") == "linear":
        return COMMON["learning_rate"] * (STEPS - step) / (STEPS - warm)
    return COMMON["learning_rate"]


def main():
    torch.set_num_threads(1)
    _, tokenizer = make_model()
    torch.manual_seed(11)
    tokens = 0.3 * torch.randn(ITEMS, CONFIG["hidden_size"])
    result = {"items": ITEMS, "window": WINDOW, "sequences": SEQUENCES, "steps": STEPS, "wordings": WORDINGS,
              "tokens": rounded(tokens), "lists": LISTS, "cases": {}}
    tokens = torch.tensor(result["tokens"]).view(ITEMS, -1)
    for name, case in CASES.items():
        model = AutoModelForCausalLM.from_pretrained("model", attn_implementation="eager", dtype=torch.float32).eval()
        le = LE(model, tokenizer, tokens, case)
        found = {"settings": dict(COMMON, **case), "start": snapshot(le), "first": step_of(le, 0)}
        adam = torch.optim.Adam(le.parameters)
        for step in range(STEPS):
            step_of(le, step)
            if case.get("clip"):
                torch.nn.utils.clip_grad_norm_(le.parameters, case["clip"])
            adam.param_groups[0]["lr"] = learning_rate(case, step)
            adam.step()
        found["parameters"] = snapshot(le)
        found["next"] = step_of(le, STEPS)
        with torch.no_grad():
            states, rewards = [], []
            for s in SEQUENCES:
                for end in range(1, len(s) + 1):
                    history = s[max(0, end - WINDOW):end]
                    states.append(le.state(history))
                    rewards.append(torch.stack([le.reward(history, item) for item in (1, 6, 12)]))
            logits = [le.label_logits(s[-WINDOW:], candidates) for s, candidates in zip(SEQUENCES, LISTS)]
        found["states"], found["rewards"] = rounded(torch.stack(states)), rounded(torch.stack(rewards))
        found["label_logits"] = rounded(torch.stack(logits))
        result["cases"][name] = found
    pathlib.Path("le.json").write_text(json.dumps(result, indent=0) + "\n")


if __name__ == "__main__":
    main()

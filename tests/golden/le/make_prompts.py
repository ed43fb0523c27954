"""What Hugging Face's libraries, NumPy and PyTorch give for prompts, item sentences and item tokens.

Writes prompts.json (ids of prompts and sentences with the tokenizers of ../lm/tokenizers) and tokens.json (closed form,
losses and Adam's steps with the models of ../lm/models).

Needs: numpy, tokenizers 0.23, torch 2.13, transformers 5.23. Run in this folder: python make_prompts.py
"""
import json
import math
import pathlib
import string

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

LM = pathlib.Path(__file__).parent / ".." / "lm"
VOCABULARY = 1000  # a model may have more ids than its tokenizer
BEGIN = 1
HISTORY, ACTION, LIST = [3, 1, 2], 4, [5, 1, 3]
TITLES = ["Live Forever", "Слово", "a  b", "<mask> x", "don't"]
WORDINGS = dict(
    user_prompt="The user has listened to these tracks in chronological order: {history},",
    action_prompt="Compute the likelihood that {item} be the next track to be listened to.",
    selection_prompt="In the list of following 5 tracks:[{list}], select the number of the track.",
    hoisted_prompt="The last track follows these: {history} next {item}",
    separator=", ", list_item="{number}: {item}", list_separator="; ", joint=" ")
TOKENIZERS = ["gpt2", "smollm2", "llama3", "qwen", "tekken", "llama2_legacy", "llama2_first", "metaspace_split", "unigram"]
SENTENCE = "{item} track is titled {title} from album {album}, its artist is {artist}."
TRACK = dict(title="Live Forever", album="Definitely Maybe", artist="Oasis")


class Prompts:
    """One prompt at a time, from its first id to its last."""

    def __init__(self, tokenizer, settings):
        self.tokenizer, self.settings = tokenizer, settings

    def text(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def item(self, item):
        if self.settings["items"] == "titles":
            return self.text(TITLES[item - 1])
        return [VOCABULARY + item - 1]

    def begin(self):
        return [BEGIN] if self.settings["begin_token"] else []

    def history(self, separator):
        ids = []
        for i, item in enumerate(HISTORY):
            ids += (self.text(separator) if i else []) + self.item(item)
        return ids

    def state(self):
        s = self.settings
        if s["order"] == "hoisted":
            return self.begin() + self.text(s["hoisted_prompt"].split("{history}")[0]) + self.history(s["separator"])
        if s["state_prompt"] == "user":
            before, after = s["user_prompt"].split("{history}")
            return self.begin() + self.text(before) + self.history(s["separator"]) + self.text(after)
        return self.begin() + self.history(s["separator"] if s["items"] == "titles" else "")

    def reward(self):
        s = self.settings
        if s["order"] == "hoisted":
            before, rest = s["hoisted_prompt"].split("{history}")
        else:
            before, rest = (s["user_prompt"] + s["joint"] + s["action_prompt"]).split("{history}")
        between, after = rest.split("{item}")
        return (self.begin() + self.text(before) + self.history(s["separator"]) + self.text(between) + self.item(ACTION)
                + self.text(after))

    def selection(self):
        s = self.settings
        before, rest = (s["user_prompt"] + s["joint"] + s["selection_prompt"]).split("{history}")
        written = s["list_separator"].join(s["list_item"].replace("{number}", str(i + 1)) for i in range(len(LIST)))
        texts = rest.replace("{list}", written).split("{item}")
        ids = self.begin() + self.text(before) + self.history(s["separator"]) + self.text(texts[0])
        for item, text in zip(LIST, texts[1:]):
            ids += self.item(item) + self.text(text)
        return ids


def single_tokens(tokenizer):
    """Five texts that are one token each: digits and letters, or else other pieces of the vocabulary."""
    found = {}
    pieces = sorted(piece.strip("\u2581") for piece in tokenizer.get_vocab())
    for text in [*string.digits[1:], *string.ascii_letters, *filter(str.isalpha, pieces)]:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        if len(ids) == 1 and ids[0] not in found.values() and len(found) < 5:
            found[text] = ids[0]
    assert len(found) == 5
    return found


def make_prompts():
    cases = []
    for name in TOKENIZERS:
        tokenizer = Tokenizer.from_file(str(LM / "tokenizers" / name / "tokenizer.json"))
        labels = single_tokens(tokenizer)
        before, after = SENTENCE.format(item="\0", **TRACK).split("\0")
        sentence = [tokenizer.encode(part, add_special_tokens=False).ids for part in (before, after)]
        prompts = []
        for order, state_prompt in (("paper", "items"), ("paper", "user"), ("hoisted", "items")):
            for items in ("tokens", "titles"):
                settings = dict(WORDINGS, order=order, state_prompt=state_prompt, items=items, labels="|".join(labels),
                                begin_token=items == "titles")
                made = Prompts(tokenizer, settings)
                # Where the joint merges with its neighbour, the state would not be read at the prompt's end.
                tail = made.text(",")
                whole = made.text(", Compute the likelihood that ")
                merges = state_prompt == "user" and whole[:len(tail)] != tail
                prompts.append(dict(settings=settings, merges=merges, state=made.state(), reward=made.reward(),
                                    selection=made.selection()))
        cases.append(dict(tokenizer=name, labels=list(labels.values()), sentence=sentence, prompts=prompts))
    return dict(vocabulary=VOCABULARY, begin=BEGIN, history=HISTORY, action=ACTION, list=LIST, titles=TITLES,
                item_sentence=SENTENCE, track=TRACK, cases=cases)


# Words before and after the token of each item. The third has no text, and the fourth no word after its token.
SENTENCES = [([], [5, 9, 5, 30, 2]), ([7, 5], [9, 11, 40, 41, 5, 8, 3]), ([], []), ([17, 5], [])]


def loss_of(model, sentence, vector):
    before, after = sentence
    embed = model.get_input_embeddings()
    inputs = torch.cat([embed(torch.tensor(before, dtype=torch.long)), vector[None], embed(torch.tensor(after[:-1], dtype=torch.long))])
    logits = model(inputs_embeds=inputs[None]).logits[0, len(before):]
    words = torch.tensor(after)
    return torch.nn.functional.cross_entropy(logits, words), (logits.argmax(1) == words).sum().item()


def closed_form(embedding):
    sentences = [set(before + after) for before, after in SENTENCES]
    texts = [i for i, words in enumerate(sentences) if words]
    idf = {w: math.log((1 + len(texts)) / (1 + sum(w in words for words in sentences))) + 1
           for w in set().union(*sentences)}
    means = np.stack([sum(idf[w] * embedding[w] for w in sentences[i]) / sum(idf[w] for w in sentences[i]) for i in texts])
    means -= means.mean(0)
    mean = embedding.mean(0)
    means *= np.linalg.norm(embedding - mean, axis=1).mean() / np.linalg.norm(means, axis=1).mean()
    tokens = np.tile(mean, (len(sentences), 1))
    tokens[texts] += means
    return tokens


def rounded(x):
    return [float(f"{v:.9g}") for v in np.asarray(x, dtype=np.float64).flatten()]


def make_tokens(name, penalty):
    model = AutoModelForCausalLM.from_pretrained(LM / "models" / name, dtype=torch.float32).eval().requires_grad_(False)
    embedding = model.get_input_embeddings().weight
    torch.manual_seed(3)
    start = torch.randn(len(SENTENCES), embedding.shape[1]) * 0.3
    tokens = start.clone()
    tokens[2] = embedding.mean(0)
    mean_square = embedding.double().square().sum(1).mean().item()
    losses = []
    for i in (0, 1):
        vector = start[i].clone().requires_grad_()
        optimiser = torch.optim.Adam([vector], lr=5e-3)
        losses.append(loss_of(model, SENTENCES[i], start[i]))
        for _ in range(5):
            optimiser.zero_grad()
            loss, _ = loss_of(model, SENTENCES[i], vector)
            (loss + penalty / mean_square * (vector - start[i]).square().sum()).backward()
            optimiser.step()
        tokens[i] = vector.detach()
    words = sum(len(SENTENCES[i][1]) for i in (0, 1))
    return dict(model=name, penalty=penalty, start=rounded(start), tokens=rounded(tokens),
                closed_form=rounded(closed_form(embedding.double().numpy())),
                cross_entropy=sum(loss.item() for loss, _ in losses) / 2, accuracy=sum(hits for _, hits in losses) / words)


def main():
    here = pathlib.Path(__file__).parent
    (here / "prompts.json").write_text(json.dumps(make_prompts()) + "\n")
    cases = [make_tokens(name, penalty) for name, penalty in (("llama2_old", 0.0), ("smollm2", 0.0), ("qwen3_new", 0.5))]
    (here / "tokens.json").write_text(json.dumps(dict(sentences=SENTENCES, cases=cases)) + "\n")


if __name__ == "__main__":
    main()

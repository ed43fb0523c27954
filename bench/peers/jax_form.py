"""One SNQN or SA2C step in JAX: the careful form's computation, compiled once for each of the two networks, with
donated buffers. Needs jax on the CPU (and torch, for the batch).
"""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# One thread, as everything else here. XLA reads the flags when jax is imported first.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import functools
import random

import jax
import jax.numpy as jnp
import numpy as np

from peers.network import LENGTH, WIDTH

VERSION = jax.__version__
GAMMA, DROPOUT = 0.5, 0.1


def gru4rec_parameters(draw, items):
    bound = WIDTH**-0.5
    return {
        "embedding": draw((items + 1, WIDTH), 0.01),
        "input": draw((WIDTH, 3 * WIDTH), bound),
        "state": draw((WIDTH, 3 * WIDTH), bound),
        "input_bias": draw((3 * WIDTH,), bound),
        "state_bias": draw((3 * WIDTH,), bound),
    }


def gru4rec(p, items, length, key):
    del key
    from_input = p["embedding"][items] @ p["input"] + p["input_bias"]

    def step(state, gates):
        r_i, z_i, n_i = jnp.split(gates, 3, axis=-1)
        r_s, z_s, n_s = jnp.split(state @ p["state"] + p["state_bias"], 3, axis=-1)
        r, z = jax.nn.sigmoid(r_i + r_s), jax.nn.sigmoid(z_i + z_s)
        n = jnp.tanh(n_i + r * n_s)
        state = n + z * (state - n)
        return state, state

    start = jnp.zeros((items.shape[0], WIDTH), jnp.float32)
    _, outputs = jax.lax.scan(step, start, from_input.transpose(1, 0, 2))
    return outputs[length - 1, jnp.arange(items.shape[0])]


def sasrec_parameters(draw, items):
    square = ("query", "key", "value", "inner", "outer")
    p = {"embedding": draw((items + 1, WIDTH), 0.01), "position": draw((LENGTH, WIDTH), 0.01)}
    p |= {name: draw((WIDTH, WIDTH), WIDTH**-0.5) for name in square}
    p |= {name + "_bias": jnp.zeros(WIDTH) for name in square}
    p |= {f"scale{i}": jnp.ones(WIDTH) for i in range(3)} | {f"shift{i}": jnp.zeros(WIDTH) for i in range(3)}
    return p


def sasrec(p, items, length, key):
    """As network.SasRec: what follows the attention runs at every place."""
    keys = jax.random.split(key, 4)

    def norm(x, i):
        centred = x - x.mean(-1, keepdims=True)
        return centred * jax.lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-8) * p[f"scale{i}"] + p[f"shift{i}"]

    def drop(x, i):
        return x * jax.random.bernoulli(keys[i], 1 - DROPOUT, x.shape) / (1 - DROPOUT)

    def linear(x, name):
        return x @ p[name] + p[name + "_bias"]

    real = (jnp.arange(LENGTH) < length[:, None])[..., None]
    x = drop(p["embedding"][items] + p["position"], 0) * real
    normed = norm(x, 0)
    scores = linear(normed, "query") @ linear(x, "key").transpose(0, 2, 1) / WIDTH**0.5
    hidden = jnp.triu(jnp.ones((LENGTH, LENGTH), bool), 1) | ~real.transpose(0, 2, 1)
    weights = drop(jax.nn.softmax(jnp.where(hidden, -1e9, scores), -1), 1)
    normed = norm(normed + weights @ linear(x, "value"), 1)
    x = normed + drop(linear(drop(jax.nn.relu(linear(normed, "inner")), 2), "outer"), 3)
    return norm(x * real, 2)[jnp.arange(items.shape[0]), length - 1]


BACKBONES = {"gru4rec": (gru4rec_parameters, gru4rec), "sasrec": (sasrec_parameters, sasrec)}


def head(p, name, hidden):
    return hidden @ p[name].T + p[name + "_bias"]


def picked(p, hidden, actions):
    return jnp.einsum("bkd,bd->bk", p["q"][actions], hidden) + p["q_bias"][actions]


def loss_of(main, other, batch, key, framework, encode):
    keys = jax.random.split(key, 4)
    state = encode(main, batch["history"], batch["length"], keys[0])
    next_main = encode(main, batch["next"], batch["next_length"], keys[1])
    best_next = head(main, "q", jax.lax.stop_gradient(next_main)).argmax(-1)
    best_here = head(main, "q", jax.lax.stop_gradient(state)).argmax(-1)
    next_other = encode(other, batch["next"], batch["next_length"], keys[2])
    here_other = encode(other, batch["history"], batch["length"], keys[3])
    q_next = picked(other, next_other, best_next[:, None])[:, 0]
    q_here = picked(other, here_other, best_here[:, None])
    positive = batch["reward"] + GAMMA * q_next * ~batch["done"]
    negative = batch["negative_reward"][:, None] + GAMMA * q_here
    q = picked(main, state, jnp.concatenate([batch["action"][:, None], batch["negatives"]], 1))
    targets = jnp.concatenate([positive[:, None], jnp.broadcast_to(negative, batch["negatives"].shape)], 1)
    q_loss = 0.5 * ((jax.lax.stop_gradient(targets) - q) ** 2).sum(1)
    logits = jax.nn.log_softmax(head(main, "supervised", state))
    cross_entropy = -jnp.take_along_axis(logits, batch["action"][:, None], 1)[:, 0]
    if framework == "sa2c":
        values = jax.lax.stop_gradient(q)
        cross_entropy = (values[:, 0] - values.mean(1)).clip(0, 10) * cross_entropy
    return (q_loss + cross_entropy).mean()


@functools.partial(jax.jit, static_argnums=(5, 6, 7), donate_argnums=(0, 1))
def update(main, moments, other, batch, key, framework, backbone, rate):
    encode = BACKBONES[backbone][1]
    loss, gradient = jax.value_and_grad(loss_of)(main, other, batch, key, framework, encode)
    count = moments["count"] + 1
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, moments["mean"], gradient)
    square = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, moments["square"], gradient)
    step, root = rate / (1 - 0.9**count), jnp.sqrt(1 - 0.999**count)
    main = jax.tree.map(lambda p, m, v: p - step * m / (jnp.sqrt(v) / root + 1e-8), main, mean, square)
    return main, {"mean": mean, "square": square, "count": count}, loss


class Step:
    def __init__(self, framework, backbone, items, learning_rate=0.005):
        self.fixed = (framework, backbone, learning_rate)
        generator = np.random.default_rng(1)

        def draw(shape, scale):
            return jnp.asarray(generator.normal(0, scale, shape), jnp.float32)

        self.networks, self.moments = [], []
        for _ in range(2):
            p = BACKBONES[backbone][0](draw, items)
            for name in ("q", "supervised"):
                p |= {name: draw((items, WIDTH), 0.01), name + "_bias": jnp.zeros(items)}
            self.networks.append(p)
            zeros = [jax.tree.map(jnp.zeros_like, p) for _ in range(2)]
            self.moments.append({"mean": zeros[0], "square": zeros[1], "count": jnp.zeros((), jnp.float32)})
        self.key, self.coin = jax.random.key(1), random.Random(1)
        self.batch = None

    def __call__(self, batch):
        if self.batch is None:
            names = ("history", "length", "next", "next_length", "action", "negatives", "done", "reward", "negative_reward")
            self.batch = {name: jnp.asarray(getattr(batch, name).numpy()) for name in names}
        coin = self.coin.randrange(2)
        self.key, key = jax.random.split(self.key)
        self.networks[coin], self.moments[coin], loss = update(
            self.networks[coin], self.moments[coin], self.networks[1 - coin], self.batch, key, *self.fixed
        )
        return loss.block_until_ready()

"""Golden values of every framework's loss and its gradient, by NumPy in float64.

Needs: numpy. Run in this folder: python make_losses.py > losses.json

Written from the equations (7)-(12) and (14)-(16) of the paper and from the description of the published
SNQN / SA2C code, not from the C++. The backbone is a stand-in that NumPy can do:
    h = sum_j 0.5^(len - j) * table[x_j],  an empty history gives table[0].
Gradients are central differences of the loss with everything behind a stopped gradient held constant.
"""
import json

import numpy as np

N, D, S, T, B = 7, 3, 2, 4, 5
rng = np.random.default_rng(20240607)


def draw(*shape, scale=1.0):
    return np.round(rng.normal(size=shape) * scale, 4)


# --- one batch: an empty history, one of full length, two that end their sequence
ITEMS = [[0, 0, 0, 0], [3, 0, 0, 0], [2, 7, 0, 0], [1, 4, 6, 0], [5, 2, 1, 3]]
LENGTH = [0, 1, 2, 3, 4]
ACTION = [4, 1, 5, 7, 6]
DONE = [False, True, False, False, True]
PROPOSED = [2, 0, 5, 3, 1]  # none for row 1; the logged item itself in row 2
TRAINING = [1, 2, 3, 3, 4, 5, 5, 5, 6, 7, 7, 1]  # training items, for beta


def negatives(count):
    rows = []
    for b in range(B):
        others = [i for i in range(1, N + 1) if i != ACTION[b]]
        rows.append([int(x) for x in rng.choice(others, size=count)])
    return rows


NEGATIVES = {1: negatives(1), 10: negatives(10)}
REWARD = draw(B, scale=0.5) + 1
NEGATIVE_REWARD = {k: draw(B, k, scale=0.5) for k in NEGATIVES}
PROPOSED_REWARD = draw(B, scale=0.5)
STATE, NEXT_STATE = draw(B, S), draw(B, S)


def append(items, length, item):
    row = list(items[:length])
    if item:
        row = (row + [item])[-T:]
    return row + [0] * (T - len(row)), len(row)


NEXT = [append(ITEMS[b], LENGTH[b], ACTION[b]) for b in range(B)]
NEXT_PROPOSED = [append(ITEMS[b], LENGTH[b], PROPOSED[b]) for b in range(B)]
HERE = list(zip(ITEMS, LENGTH))


# --- the model
def encode(table, histories):
    rows = []
    for items, length in histories:
        if length == 0:
            rows.append(table[0])
        else:
            rows.append(sum(0.5 ** (length - 1 - j) * table[items[j]] for j in range(length)))
    return np.array(rows)


def activate(x, case):
    return np.maximum(x, 0) if case["params"].get("activation") == "relu" else x


def log_softmax(x):
    x = x - x.max(axis=1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


def join(net, h, state, case):
    use = case["state"]
    if use is None:
        return h
    given = state
    if use["project"]:
        given = state @ net["projection"].T + net["projection_bias"]
    return given if use["replace"] else np.concatenate([given, h], axis=1)


def q_all(net, s, case):
    return activate(s @ net["q.weight"].T + net["q.bias"], case)


def pick(values, actions):
    return np.take_along_axis(values, np.asarray(actions) - 1, axis=1)


DEFAULTS = dict(gamma=0.5, td_factor=0.5, q_weight=1.0, target="double", zero_at_end="positive",
                q_gradient=True, augmented_next="logged", warm_up_steps=15000, clip=True, clip_min=0.0,
                clip_max=10.0, smooth=0.0, advantage_gradient=False, advantage_over="logged",
                extra_head="none", extra_weight=1.0)


def constants(case, main, other):
    """Everything that carries no gradient: targets, and hidden vectors behind a stopped gradient."""
    p = {**DEFAULTS, **case["params"]}
    use = case["use"]

    def bootstrap(histories, state):
        s_main = join(main, encode(main["backbone.table"], histories), state, case)
        s_other = join(other, encode(other["backbone.table"], histories), state, case)
        q_main, q_other = q_all(main, s_main, case), q_all(other, s_other, case)
        if p["target"] == "double":
            best = q_main.argmax(axis=1) + 1
            return pick(q_other, best[:, None])[:, 0]
        return (q_main if p["target"] == "trained" else q_other).max(axis=1)

    going_on = 1.0 - np.array(DONE)
    fixed = {"hidden": encode(main["backbone.table"], HERE)}
    if "q" in use:
        end = going_on if p["zero_at_end"] != "none" else 1.0
        fixed["positive"] = REWARD + p["gamma"] * bootstrap(NEXT, NEXT_STATE) * end
        if "negatives" in use:
            end_negative = going_on if p["zero_at_end"] == "both" else 1.0
            value = p["gamma"] * bootstrap(HERE, STATE) * end_negative
            fixed["negative"] = NEGATIVE_REWARD[case["negatives"]] + value[:, None]
        if case["augment"]:
            history = NEXT if p["augmented_next"] == "logged" else NEXT_PROPOSED
            fixed["augmented"] = PROPOSED_REWARD + p["gamma"] * bootstrap(history, NEXT_STATE) * end
    return fixed


def loss(case, net, fixed):
    """The loss of the trained network `net`; `fixed` from constants(), and from a first call."""
    p = {**DEFAULTS, **case["params"]}
    use, parts = case["use"], {}
    h = encode(net["backbone.table"], HERE)
    log_p = log_softmax(activate(h @ net["supervised.weight"].T + net["supervised.bias"], case))
    ce = -pick(log_p, np.array(ACTION)[:, None])[:, 0]
    parts["supervised_loss"] = ce.mean()
    keep = np.array([1.0 if x else 0.0 for x in PROPOSED])
    safe = np.array([x or 1 for x in PROPOSED])
    w_ap, w_aq = (case["augment"] or (0, 0))
    ce_augmented = -pick(log_p, safe[:, None])[:, 0] * keep
    weight, weight_augmented, q_rows = 1.0, 1.0, 0.0
    if "q" in use:
        hq = h if p["q_gradient"] else fixed["hidden"]
        q = q_all(net, join(net, hq, STATE, case), case)
        q_positive = pick(q, np.array(ACTION)[:, None])[:, 0]
        td = p["td_factor"] * (fixed["positive"] - q_positive) ** 2
        parts["td_positive"] = td.mean()
        q_rows = td
        q_negative = np.zeros((B, 0))
        if "negatives" in use:
            q_negative = pick(q, NEGATIVES[case["negatives"]])
            td_negative = (p["td_factor"] * (fixed["negative"] - q_negative) ** 2).sum(axis=1)
            parts["td_negative"] = td_negative.mean()
            q_rows = q_rows + td_negative
        q_rows = p["q_weight"] * q_rows
        if case["augment"] and w_aq:
            q_augmented = pick(q, safe[:, None])[:, 0]
            td_augmented = p["td_factor"] * (fixed["augmented"] - q_augmented) ** 2 * keep
            parts["td_augmented"] = td_augmented.mean()
            q_rows = q_rows + w_aq * td_augmented
        if case["framework"] == "sac" and case["step"] >= p["warm_up_steps"]:
            weight = fixed.setdefault("weight", q_positive)
        if case["framework"] == "sa2c" and case["step"] >= p["warm_up_steps"]:
            count = 1 + q_negative.shape[1]
            advantage = q_positive - (q_positive + q_negative.sum(axis=1)) / count
            parts["advantage"] = advantage.mean()
            if p["clip"]:
                advantage = np.clip(advantage, p["clip_min"], p["clip_max"])
            if not p["advantage_gradient"]:
                advantage = fixed.setdefault("advantage", advantage)
            if p["smooth"]:
                beta = np.bincount(TRAINING, minlength=N + 1) / len(TRAINING)
                ratio = np.exp(-ce) / beta[np.array(ACTION)]
                ips = fixed.setdefault("ips", np.clip(ratio, 0.1, 10) ** p["smooth"])
                advantage = advantage * ips
            weight = advantage
            weight_augmented = advantage if p["advantage_over"] == "both" else 1.0
    rows = weight * ce + q_rows
    if case["augment"] and w_ap:
        rows = rows + w_ap * weight_augmented * ce_augmented
        parts["augmented_supervised_loss"] = ce_augmented.mean()
    value = rows.mean()
    if p["extra_head"] != "none":
        hx = h if p["extra_head"] == "auxiliary" else fixed["hidden"]
        log_x = log_softmax(activate(hx @ net["extra.weight"].T + net["extra.bias"], case))
        extra = -pick(log_x, np.array(ACTION)[:, None])[:, 0].mean()
        parts["extra_loss"] = extra
        value = value + p["extra_weight"] * extra
    return value, parts


def gradient(case, net, fixed):
    result = {}
    for name, array in net.items():
        flat, slope = array.ravel(), []
        for i in range(flat.size):
            kept, values = flat[i], []
            for step in (1e-5, -1e-5):
                flat[i] = kept + step
                values.append(loss(case, net, fixed)[0])
            flat[i] = kept
            slope.append((values[0] - values[1]) / 2e-5)
        result[name] = slope
    return result


USES = {"supervised": set(), "sqn": {"q"}, "sac": {"q"}, "snqn": {"q", "negatives"},
        "sa2c": {"q", "negatives"}}
CONCAT = {"project": 0, "replace": False}
cases = []


def add(name, framework, step=0, negatives=1, state=None, augment=None, trained="first", **params):
    cases.append(dict(name=name, framework=framework, step=step, negatives=negatives, state=state,
                      augment=augment, trained=trained, params=params, use=USES[framework]))


add("supervised", "supervised")
add("supervised_augmented", "supervised", augment=(0.3, 0.2))
add("supervised_twin_second", "supervised", trained="second", twin=True)
add("supervised_extra_detached", "supervised", extra_head="q", extra_weight=0.5)
add("supervised_extra_auxiliary", "supervised", extra_head="auxiliary", extra_weight=0.5)
add("supervised_relu", "supervised", augment=(0.3, 0.2), activation="relu")
add("sqn", "sqn")
add("sqn_second", "sqn", trained="second")
add("snqn_one_negative", "snqn")
add("snqn_ten_negatives", "snqn", negatives=10)
add("snqn_second", "snqn", negatives=10, trained="second")
add("snqn_factor_one", "snqn", td_factor=1.0)
add("snqn_gamma_zero", "snqn", gamma=0.0)
add("snqn_plain_trained", "snqn", negatives=10, target="trained")
add("snqn_plain_other", "snqn", negatives=10, target="other")
add("snqn_negative_zeroed", "snqn", negatives=10, zero_at_end="both")
add("snqn_never_zeroed", "snqn", negatives=10, zero_at_end="none")
add("snqn_no_gradient_to_backbone", "snqn", q_gradient=False)
add("snqn_relu", "snqn", negatives=10, activation="relu")
add("snqn_weight", "snqn", q_weight=0.25)
add("snqn_joined", "snqn", state=CONCAT)
add("snqn_replaced", "snqn", state={"project": 0, "replace": True})
add("snqn_projected", "snqn", negatives=10, state={"project": 4, "replace": False})
add("snqn_projected_replaced", "snqn", state={"project": 4, "replace": True})
add("snqn_augmented", "snqn", augment=(0.3, 0.2))
add("snqn_augmented_joined", "snqn", augment=(0.3, 0.2), state=CONCAT)
add("snqn_augmented_own_next", "snqn", augment=(0.3, 0.2), augmented_next="proposed")
add("snqn_augmented_supervised_only", "snqn", augment=(0.3, 0.0))
add("snqn_augmented_q_only", "snqn", augment=(0.0, 0.2))
add("sac_warm_up", "sac", step=9, warm_up_steps=10)
add("sac", "sac", step=10, warm_up_steps=10)
add("sac_augmented", "sac", step=10, warm_up_steps=0, augment=(0.3, 0.2))
add("sa2c_warm_up", "sa2c", step=9, warm_up_steps=10)
add("sa2c_one_negative", "sa2c", warm_up_steps=0)
add("sa2c_ten_negatives", "sa2c", negatives=10, warm_up_steps=0)
add("sa2c_second", "sa2c", negatives=10, warm_up_steps=0, trained="second")
add("sa2c_clipped_above", "sa2c", negatives=10, warm_up_steps=0, clip_max=0.05)
add("sa2c_unclipped", "sa2c", negatives=10, warm_up_steps=0, clip=False)
add("sa2c_corrected", "sa2c", negatives=10, warm_up_steps=0, smooth=0.5)
add("sa2c_first_adam_goes_on", "sa2c", warm_up_steps=0, second_learning_rate=0.0)
add("sa2c_advantage_gradient", "sa2c", negatives=10, warm_up_steps=0, clip=False,
    advantage_gradient=True)
add("sa2c_augmented", "sa2c", warm_up_steps=0, augment=(0.3, 0.2))
add("sa2c_augmented_over_both", "sa2c", warm_up_steps=0, augment=(0.3, 0.2), advantage_over="both",
    advantage_gradient=True, smooth=0.5)
add("sa2c_augmented_replaced", "sa2c", negatives=10, warm_up_steps=0, augment=(0.3, 0.2),
    state={"project": 0, "replace": True})


def network(case):
    net = {"backbone.table": draw(N + 1, D), "supervised.weight": draw(N, D), "supervised.bias": draw(N)}
    if case["params"].get("extra_head", "none") != "none":
        net.update({"extra.weight": draw(N, D), "extra.bias": draw(N)})
    if "q" in case["use"]:
        width, state = D, case["state"]
        if state:
            width = (state["project"] or S) + (0 if state["replace"] else D)
            if state["project"]:
                net["projection"] = draw(state["project"], S)
                net["projection_bias"] = draw(state["project"])
        net.update({"q.weight": draw(N, width), "q.bias": draw(N)})
    return net


def rounded(x, digits=8):
    return [float(f"{v:.{digits}g}") for v in np.asarray(x, dtype=float).ravel()]


def main():
    output = []
    for case in cases:
        twin = "q" in case["use"] or case["params"].get("twin", False)
        nets = {"first": network(case)}
        if twin:
            nets["second"] = network(case)
        trained = nets[case["trained"]]
        other = nets["second" if case["trained"] == "first" else "first"] if twin else None
        fixed = constants(case, trained, other)
        value, parts = loss(case, trained, fixed)
        expected = {"value": value, "parts": parts,
                    "gradient": {k: rounded(v, 6) for k, v in gradient(case, trained, fixed).items()}}
        advantage_group = (case["framework"] == "sa2c"
                           and case["step"] >= case["params"].get("warm_up_steps", 15000)
                           and case["params"].get("second_learning_rate", 0.001) > 0)
        group = case["trained"] + ("_advantage" if advantage_group else "")
        weights = {f"{n}.{k}": {"shape": list(v.shape), "values": rounded(v)}
                   for n, net in nets.items() for k, v in net.items()}
        shown = {k: v for k, v in case.items() if k != "use"}
        output.append({**shown, "group": group, "weights": weights, "expected": expected})
    batch = dict(items=ITEMS, length=LENGTH, action=ACTION, done=DONE, proposed=PROPOSED,
                 next_items=[x for x, _ in NEXT], next_length=[x for _, x in NEXT],
                 reward=rounded(REWARD), proposed_reward=rounded(PROPOSED_REWARD),
                 state=rounded(STATE), next_state=rounded(NEXT_STATE), training=TRAINING,
                 negatives={str(k): v for k, v in NEGATIVES.items()},
                 negative_reward={str(k): rounded(v) for k, v in NEGATIVE_REWARD.items()})
    document = dict(sizes=dict(N=N, D=D, S=S, T=T, B=B), batch=batch, cases=output)
    print(json.dumps(document, separators=(",", ":")).replace('{"name"', '\n{"name"'))


if __name__ == "__main__":
    main()

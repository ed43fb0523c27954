#!/usr/bin/env python3
"""Trains one sequential model with RecBole 1.2.1 and prints the processor time and NDCG of each validation as JSON.

Needs recbole 1.2.1 and torch. bench/run_recbole.py writes the files of the data set and calls this:
    python3 bench/peers/recbole_form.py SETTINGS.json
The file holds settings of RecBole's configuration, among them the model and the data set. RecBole's own trainer trains,
validates and saves. Its processor time is counted from the call of `fit` on, without the start of Python, the reading of
the data, and the making of the model.
"""

import json
import logging
import pathlib
import sys
import time

import numpy as np
import pandas
import torch

VERSION = "1.2.1"

# RecBole 1.2.1 was written for NumPy 1. Its Config gives names back that NumPy 1.24 took away, and takes their values from names
# that NumPy 2 took away.
for old, new in {"float_": np.float64, "complex_": np.complex128, "unicode_": np.str_}.items():
    if not hasattr(np, old):
        setattr(np, old, new)


# Before pandas 3 Series.agg(len) gave the length of each row, by which RecBole means that of each history. Now it gives that
# of the column.
def agg(series, function, *positional, aggregate=pandas.Series.agg, **named):
    return series.map(len) if function is len else aggregate(series, function, *positional, **named)


pandas.Series.agg = agg


def ndcg_of_ranks(trainer, rows, k):
    """NDCG@k of the trained model by counting: a target's rank is one more than the scores above or equal to its own."""
    total, count = 0.0, 0
    trainer.model.eval()
    with torch.no_grad():
        for batch in rows:
            _, scores, row, target = trainer._full_sort_batch_eval(batch)
            own = scores[row, target].unsqueeze(1)
            rank = (scores >= own).sum(1)
            total += (1 / torch.log2(rank + 1.0))[rank <= k].sum().item()
            count += len(rank)
    return total / count, count


def main():
    from recbole.config import Config
    from recbole.data import create_dataset, data_preparation
    from recbole.utils import get_model, get_trainer, init_seed

    settings = json.loads(pathlib.Path(sys.argv[1]).read_text())
    torch.set_num_threads(1)
    logging.getLogger().setLevel(logging.WARNING)
    sys.argv = sys.argv[:1]  # RecBole reads the command line, too
    config = Config(config_dict=settings)
    init_seed(config["seed"], config["reproducibility"])
    dataset = create_dataset(config)
    train, valid, _ = data_preparation(config, dataset)
    init_seed(config["seed"], config["reproducibility"])
    model = get_model(config["model"])(config, train._dataset).to(config["device"])
    trainer = get_trainer(config["MODEL_TYPE"], config["model"])(config, model)
    validations = []
    start = time.process_time()

    def note(epoch, score):
        validations.append({"epoch": epoch + 1, "seconds": time.process_time() - start, "ndcg": float(score)})

    trainer.fit(train, valid, verbose=False, saved=True, show_progress=False, callback_fn=note)
    seconds = time.process_time() - start
    counted, events = ndcg_of_ranks(trainer, valid, max(config["topk"]))
    print(json.dumps({
        "before": start,
        "seconds": seconds,
        "steps_an_epoch": len(train),
        "training_rows": len(train._dataset),
        "validation_rows": events,
        "ranked_items": int(dataset.item_num) - 1,
        "counted_ndcg": counted,
        "parameters": sum(p.numel() for p in model.parameters()),
        "validations": validations,
        "versions": {"RecBole": VERSION, "PyTorch": torch.__version__, "NumPy": np.__version__, "pandas": pandas.__version__},
    }))


if __name__ == "__main__":
    main()

"""fixed_scores.py TOOLS --model SCORES.json --split ... --out ...: a system that gives each item one score, whatever the
history. SCORES.json is an object of items and scores."""

import json
import sys

sys.path.insert(0, sys.argv.pop(1))
sys.dont_write_bytecode = True
import foreign_ranks


class FixedScores:
    title = "fixed scores"

    def __init__(self, scores):
        self.items, self.row = list(scores), list(scores.values())

    def check_training(self, split):
        pass

    def scores(self, sequences, histories):
        assert len(sequences) == len(histories) and all(histories)
        return [self.row] * len(histories)


foreign_ranks.run(foreign_ranks.parser(__doc__).parse_args(), lambda options, _: FixedScores(json.loads(options.model.read_text())))

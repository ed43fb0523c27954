#!/usr/bin/env bash
# Seconds from `lealab run` to the first training step. Wall time, best and worst of five fresh labs.
#   bench/startup/run_startup.sh BIN-FOLDER DATA-FOLDER
# DATA-FOLDER holds interactions.tsv and split.tsv (the layout `tsv`). The bar is 3 s; status 1 when missed.
set -euo pipefail
bin=$(cd "${1:?folder of lealab}" && pwd)
data=$(cd "${2:?folder with interactions.tsv}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/spec.yaml" <<YAML
name: startup
data: {name: startup, path: $data, format: tsv}
split: {by: file, path: $data/split.tsv}
train: {max_steps: 200, validate_every: 200, log_every: 1}
grid: {backbone: [gru4rec], framework: [snqn]}
reward: predefined
seeds: [1]
YAML
bar=3 times=()
for round in 1 2 3 4 5; do
  lab=$work/lab-$round
  "$bin/lealab" --lab "$lab" data import startup --format tsv "$data" >"$work/import.log" 2>&1
  start=$(date +%s.%N)
  "$bin/lealab" --lab "$lab" run "$work/spec.yaml" >"$work/run.log" 2>&1 &
  run=$!
  # The first record of events.jsonl that a training step wrote.
  until grep -qs '"type":"train"' "$lab"/runs/*/events.jsonl; do
    kill -0 "$run" 2>/dev/null || { tail -n 5 "$work/run.log" >&2; exit 2; }
    sleep 0.01
  done
  end=$(date +%s.%N)
  kill -INT "$run" 2>/dev/null || true
  wait "$run" || true
  times+=("$(awk -v a="$start" -v b="$end" 'BEGIN {printf "%.2f", b - a}')")
done
best=$(printf '%s\n' "${times[@]}" | sort -n | head -n 1)
worst=$(printf '%s\n' "${times[@]}" | sort -n | tail -n 1)
echo "from lealab run to the first training step: best $best s, worst $worst s of 5 (bar $bar s)"
awk -v a="$best" -v b="$bar" 'BEGIN {exit !(a < b)}'

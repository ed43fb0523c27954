# shellcheck shell=bash
# What every script of tools/ says and how it stops. Sourced; `root` is the checkout.

set -euo pipefail
shopt -s inherit_errexit
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
deps=$root/.deps
cleanup_paths=()

# A signal or a failure may come while a step's own words go to a log; ours go where the caller's went.
exec 8>&2

say() { printf '==> %s\n' "$*"; }

# One line that says what is wrong and what to do; the last thing that a failed script prints.
explained=
fail() {
  explained=yes
  printf 'error: %s\n' "$*" >&8
  exit 1
}

at_exit() {
  local status=$?
  remove_leftovers
  if ((status != 0)) && [[ -z $explained ]]; then
    fail "${0##*/} stopped in an unforeseen way (status $status): the reason is above. Mend it and call again."
  fi
}
remove_leftovers() {
  local path
  for path in "${cleanup_paths[@]}"; do
    rm -rf -- "$path"
  done
}
# Every step is made so that an interrupted one is repeated, and a finished one is not.
interrupted() {
  trap - INT
  explained=yes
  printf '\nInterrupted. Call the same command again to go on.\n' >&8
  exit 130
}
trap at_exit EXIT
trap interrupted INT
trap 'explained=yes; exit 143' TERM

# free_mib PATH: what is free where PATH (or its nearest parent that exists) lies.
free_mib() {
  local path=$1
  while [[ ! -e $path ]]; do path=$(dirname "$path"); done
  df -Pm -- "$path" | awk 'NR == 2 {print $4}'
}

# require_space PATH MIB WHAT
require_space() {
  local free
  free=$(free_mib "$1")
  if ((free < $2)); then
    fail "$3 needs about $2 MiB in $1, but $free MiB are free: free some space, or move the checkout to a larger disk."
  fi
}

# fail_after WHAT PATH REASON: a step failed; if the disk of PATH is full, that is why.
fail_after() {
  local free
  free=$(free_mib "$2")
  if ((free < 64)); then
    fail "$1 failed: the disk of $2 is full ($free MiB free). Free some space and call again."
  fi
  fail "$1 failed: $3"
}

# check_sha256 FILE HEX
check_sha256() { [[ $(sha256sum -- "$1" | cut -d' ' -f1) == "$2" ]]; }

# One set-up at a time in a checkout; the lock goes with the process.
lock_setup() {
  local writable="$deps must be writable by $(id -un): give the checkout to that user, or use one of its own."
  mkdir -p "$deps" 2>/dev/null || fail "$writable"
  [[ -w $deps && (! -e $deps/lock || -w $deps/lock) ]] || fail "$writable"
  exec 9>"$deps/lock"
  if ! flock -n 9; then
    say "Waiting for another set-up in $root"
    flock 9
  fi
}

# Programs expect a home; ccache writes there. Without a usable one, the checkout serves.
ensure_home() {
  if [[ -z ${HOME:-} ]]; then
    HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
    export HOME=${HOME:-$deps/home}
  fi
  if [[ ! -w $HOME && -z ${CCACHE_DIR:-} ]]; then
    export CCACHE_DIR=$deps/ccache
  fi
}

# shellcheck shell=bash
# Messages, exits and the lock of the scripts of tools/, which source this file. `root` is the
# checkout.

set -euo pipefail
shopt -s inherit_errexit
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
deps=$root/.deps
cleanup_paths=()

# A signal or a failure can come while the output of a step goes to a log. Messages of these scripts
# still go to the caller's standard error.
exec 8>&2

say() { printf '==> %s\n' "$*"; }

# Prints one line with what is wrong and what to do, which is the last output of a failed script.
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
# The next call repeats an interrupted step, and skips the finished ones.
interrupted() {
  trap - INT
  explained=yes
  printf '\nInterrupted. Call the same command again to go on.\n' >&8
  exit 130
}
trap at_exit EXIT
trap interrupted INT
trap 'explained=yes; exit 143' TERM

# free_mib PATH: prints the free MiB of the disk of PATH, or of its nearest parent that exists.
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

# fail_after WHAT PATH REASON: reports a failed step. If the disk of PATH is full, that is the
# reason.
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

# Only one set-up runs at a time in a checkout. The lock ends with the process.
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

# Programs expect a home, and ccache writes there. Without a usable one, folders of the checkout are
# used.
ensure_home() {
  if [[ -z ${HOME:-} ]]; then
    HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
    export HOME=${HOME:-$deps/home}
  fi
  if [[ ! -w $HOME && -z ${CCACHE_DIR:-} ]]; then
    export CCACHE_DIR=$deps/ccache
  fi
}

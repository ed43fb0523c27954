# shellcheck shell=bash
# Configures if something has changed that affects the build, then lets Ninja build what is missing.

# Prints how many compilers run at once: one a core, but no more than memory allows at 1.1 GB each.
compile_jobs() {
  local cores memory_mib limit
  cores=$(nproc)
  memory_mib=$(awk '/^MemAvailable:/ {print int($2 / 1024)}' /proc/meminfo)
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
  if [[ $limit != max ]] && ((limit / 1048576 < memory_mib)); then
    memory_mib=$((limit / 1048576))
  fi
  local jobs=$((memory_mib / 1100))
  ((jobs >= 1)) || jobs=1
  ((jobs <= cores)) || jobs=$cores
  echo "$jobs"
}

presets() { sed -n 's/^ *{"name": "\([a-z]*\)", "configurePreset".*/\1/p' "$root/CMakePresets.json" | sort -u; }

require_preset() {
  presets | grep -qx -- "$1" ||
    fail "there is no preset \"$1\"; there are: $(presets | paste -sd' ')."
}

# Prints everything that a configuration depends on. A new CMakeLists.txt adds a room, which Ninja
# alone would not notice.
configuration_state() {
  echo "$libtorch $(libtorch_version "$libtorch")"
  (cd "$root" && find . \( -path ./build -o -path ./.deps -o -path ./.git -o -path ./lab \) -prune -o \
    \( -name CMakeLists.txt -o -name '*.cmake' -o -name CMakePresets.json \) -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum)
}

# Prints Ninja's targets for the rooms, without tests and benchmarks.
program_targets() {
  sed -n 's/^build all: phony //p' "$1/build.ninja" | tr ' ' '\n' | grep -v -e '^tests/' -e '^bench/'
}

# reasons_to_build FOLDER TARGET...: prints why Ninja has something to do, one reason a line. Every build looks up the
# git revision, which is no reason, and neither is what only follows from another reason.
reasons_to_build() {
  { ninja -C "$1" -n -d explain "${@:2}" 2>&1 || true; } | sed -n 's/^ninja explain: //p' |
    { grep -v -e ' is dirty$' -e 'lea_look_up_revision' || true; }
}

# compile PRESET everything|programs
compile() {
  local preset=$1 folder=$root/build/$1 state
  local -a targets=()
  require_space "$root" "$([[ -e $folder/bin/lealab-worker ]] && echo 300 || echo 4000)" "building"
  state=$(configuration_state)
  if [[ ! -e $folder/build.ninja || $(cat "$folder/configured" 2>/dev/null) != "$state" ]]; then
    say "Configuring build/$preset"
    local -a fresh=()
    [[ $(head -n 1 "$folder/configured" 2>/dev/null) == "$(head -n 1 <<<"$state")" ]] || fresh=(--fresh)
    (cd "$root" && cmake "${fresh[@]}" --preset "$preset" -DLEA_LIBTORCH="$libtorch" \
      >"$deps/configure.log" 2>&1) || {
      sed -n '/CMake Error/,$p' "$deps/configure.log" | head -n 20 >&2
      fail_after "configuring build/$preset" "$root" "CMake's reason is above; all of it is in $deps/configure.log."
    }
    printf '%s\n' "$state" >"$folder/configured" ||
      fail_after "configuring build/$preset" "$root" "the reason is above."
  fi
  if [[ $2 == programs ]]; then
    mapfile -t targets < <(program_targets "$folder")
  fi
  local jobs status=0
  jobs=$(compile_jobs)
  if [[ -n $(reasons_to_build "$folder" "${targets[@]}") ]]; then
    say "Building build/$preset with $jobs compilers at once"
    ninja -C "$folder" -j "$jobs" "${targets[@]}" || status=$?
  else
    # Only a new revision can be left to compile, which takes seconds.
    ninja -C "$folder" -j "$jobs" "${targets[@]}" >"$deps/build.log" 2>&1 || status=$?
    ((status == 0)) || cat "$deps/build.log" >&2
  fi
  # Ninja's exit status is 2 (130 since version 1.12) if only Ninja was interrupted, and 1 for a
  # failure.
  ((status != 2 && status != 130)) || interrupted
  ((status == 0)) || fail_after "building build/$preset" "$root" "the compiler's reason is above."
}

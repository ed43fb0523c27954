# shellcheck shell=bash
# Provides LibTorch: the user's ($LIBTORCH), otherwise .deps/libtorch, which is unpacked from
# PyTorch's CPU wheel. pip only downloads the wheel; there is no Python environment.

torch_version=2.13.0+cpu
torch_wheel=torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl
torch_sha256=6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b
torch_oldest=2.11

# Prints the version of the LibTorch in folder $1, or nothing if there is none.
libtorch_version() {
  sed -n 's/^set(PACKAGE_VERSION "\([^"]*\)").*/\1/p' "$1/share/cmake/Torch/TorchConfigVersion.cmake" 2>/dev/null |
    head -n 1
}

# check_libtorch FOLDER ADVICE: fails unless the folder holds a LibTorch that is new enough.
check_libtorch() {
  local version
  version=$(libtorch_version "$1" || true)
  [[ -n $version && -e $1/lib/libtorch_cpu.so ]] ||
    fail "$1 holds no LibTorch (share/cmake/Torch/TorchConfigVersion.cmake and lib/libtorch_cpu.so): $2"
  [[ $(printf '%s\n%s\n' "$torch_oldest" "$version" | sort -V | head -n 1) == "$torch_oldest" ]] ||
    fail "LibTorch $version in $1 is too old, $torch_oldest or newer is needed: $2"
}

# pip_download FOLDER PIP-ARGUMENTS...: shows progress only on a terminal; keeps temporary files in
# FOLDER.
pip_download() {
  local folder=$1
  shift
  local -a quiet=()
  [[ -t 1 ]] || quiet=(--quiet --progress-bar off)
  TMPDIR=$folder python3 -m pip download "${quiet[@]}" --disable-pip-version-check --no-input --no-cache-dir \
    --no-deps --only-binary=:all: --dest "$folder" "$@"
}

require_pip() {
  python3 -m pip --version >/dev/null 2>&1 ||
    fail "python3 -m pip does not work: install python3-pip, or put a python3 that has pip first in PATH."
}

fetch_torch_wheel() {
  local folder=$1 what="torch==$torch_version"
  local -a wanted=(--python-version 311 --platform manylinux_2_28_x86_64 "$what")
  if ! pip_download "$folder" "${wanted[@]}" 2>"$folder/pip.log"; then
    # This is normal on most machines: PyPI itself has no +cpu builds.
    say "Not among pip's configured sources; trying PyTorch's CPU index"
    pip_download "$folder" --index-url https://download.pytorch.org/whl/cpu "${wanted[@]}" 2>>"$folder/pip.log" || {
      grep -v '^ *$' "$folder/pip.log" | tail -n 3 >&2
      fail_after "downloading $what" "$folder" "pip's reason is above (no network?). By hand: unpack a CPU LibTorch \
>= $torch_oldest and call again with LIBTORCH=/its/folder, or copy $torch_wheel to $deps."
    }
  fi
}

# Unpacks only what C++ needs. The caller then renames the folder, so that it is complete or absent.
unpack_torch_wheel() {
  local wheel=$1 folder=$2
  python3 - "$wheel" "$folder" <<'PYTHON' || return
import sys, zipfile
wanted = ("torch/lib/", "torch/include/", "torch/share/", "torch/version.py")
try:
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        wheel.extractall(sys.argv[2], [n for n in wheel.namelist() if n.startswith(wanted)])
except OSError as error:
    sys.exit(str(error))
except KeyboardInterrupt:
    sys.exit(130)
PYTHON
  echo "$torch_sha256  $torch_wheel" >"$folder/torch/wheel.sha256"
}

# Sets `libtorch` to the folder to build with.
provide_libtorch() {
  if [[ -n ${LIBTORCH:-} ]]; then
    local advice="let LIBTORCH name another folder, or unset it to have LibTorch fetched."
    [[ -d $LIBTORCH ]] || fail "LIBTORCH is $LIBTORCH, which is not a folder: $advice"
    libtorch=$(cd "$LIBTORCH" && pwd)
    check_libtorch "$libtorch" "$advice"
    return
  fi
  libtorch=$deps/libtorch
  if [[ -e $libtorch/share/cmake/Torch/TorchConfig.cmake ]]; then
    check_libtorch "$libtorch" "remove the folder and call again."
    return
  fi
  [[ $(uname -sm) == "Linux x86_64" ]] ||
    fail "the CPU wheel of LibTorch is for Linux on x86_64, but this is $(uname -sm):" \
      "unpack a LibTorch >= $torch_oldest and call again with LIBTORCH=/its/folder."
  require_space "$deps" 1200 "LibTorch"
  require_pip
  local work=$deps/libtorch.tmp
  cleanup_paths+=("$work")
  rm -rf "$work" && mkdir -p "$work"
  if [[ -e $deps/$torch_wheel ]]; then
    [[ -r $deps/$torch_wheel ]] || fail "$deps/$torch_wheel is not readable by $(id -un): change its mode or remove it."
    ln -s "$deps/$torch_wheel" "$work/"
  else
    say "Downloading LibTorch (torch $torch_version, 183 MiB)"
    fetch_torch_wheel "$work"
  fi
  [[ -e $work/$torch_wheel ]] || fail "pip delivered $(ls "$work") instead of $torch_wheel."
  check_sha256 "$work/$torch_wheel" "$torch_sha256" ||
    fail "the sha256 of $torch_wheel is not $torch_sha256: the file is damaged or not the original." \
      "Remove $deps/$torch_wheel if you put it there, and call again."
  say "Unpacking LibTorch into $libtorch"
  unpack_torch_wheel "$work/$torch_wheel" "$work" || fail_after "unpacking LibTorch" "$deps" "the reason is above."
  sync -f "$work" 2>/dev/null || true
  rm -rf "$libtorch"
  mv -T "$work/torch" "$libtorch"
  check_libtorch "$libtorch" "the wheel is not the expected one; unpack a LibTorch by hand and name it with LIBTORCH."
}

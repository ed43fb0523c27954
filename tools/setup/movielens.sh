# shellcheck shell=bash
# Provides MovieLens-100K from RecBole's package. GroupLens' licence allows use, not redistribution.

recbole_wheel=recbole-1.2.1-py3-none-any.whl
recbole_sha256=9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407
movielens_sha256() {
  case $1 in
    ml-100k.inter) echo 4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff ;;
    ml-100k.item) echo 51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532 ;;
  esac
}

movielens_present() {
  local file
  for file in ml-100k.inter ml-100k.item; do
    [[ -e $1/$file ]] && check_sha256 "$1/$file" "$(movielens_sha256 "$file")" || return 1
  done
}

# Sets `movielens` to the folder with ml-100k.inter and ml-100k.item.
provide_movielens() {
  movielens=$deps/ml-100k
  if movielens_present "$movielens"; then
    return
  fi
  require_space "$deps" 64 "MovieLens-100K"
  require_pip
  local work=$deps/ml-100k.tmp
  cleanup_paths+=("$work")
  rm -rf "$work" && mkdir -p "$work"
  say "Downloading MovieLens-100K (in the PyPI package recbole 1.2.1)"
  pip_download "$work" recbole==1.2.1 ||
    fail_after "downloading recbole 1.2.1" "$work" "pip's reason is above (no network?). By hand: put ml-100k.inter \
and ml-100k.item of that package into $movielens."
  check_sha256 "$work/$recbole_wheel" "$recbole_sha256" ||
    fail "the sha256 of $recbole_wheel is not $recbole_sha256: the file is damaged or not the original. Call again."
  python3 - "$work/$recbole_wheel" "$work" <<'PYTHON' || fail_after "unpacking MovieLens-100K" "$work" "the reason is above."
import pathlib, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in ("ml-100k.inter", "ml-100k.item"):
        data = wheel.read(f"recbole/dataset_example/ml-100k/{name}")
        pathlib.Path(sys.argv[2], "ml-100k").mkdir(exist_ok=True)
        pathlib.Path(sys.argv[2], "ml-100k", name).write_bytes(data)
PYTHON
  movielens_present "$work/ml-100k" || fail "the files in $recbole_wheel are not the expected ones (sha256)."
  rm -rf "$movielens"
  mv -T "$work/ml-100k" "$movielens"
}

# Sets `movielens_last` to a folder with the last 20 events of each user, which provide_movielens has brought.
provide_last_movielens() {
  movielens_last=$deps/ml-100k-last20
  local work=$deps/ml-100k-last20.tmp
  [[ ! -e $movielens_last/ml-100k-last20.inter ]] || return 0
  cleanup_paths+=("$work")
  rm -rf "$work" && mkdir -p "$work"
  python3 "$root/tools/setup/last_events.py" "$movielens" "$work/ml-100k-last20" 20 ||
    fail_after "cutting MovieLens-100K to the last events" "$work" "the reason is above."
  rm -rf "$movielens_last"
  mv -T "$work/ml-100k-last20" "$movielens_last"
}

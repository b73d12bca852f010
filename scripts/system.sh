#!/usr/bin/env bash
# Installs the system packages that the project needs: QGIS 3.40 or newer with its Python bindings, GDAL's command
# line, a virtual X server, servers for tests. Debian 12 ships QGIS 3.22, so there the backports suite of the mirror
# already configured is added. Does nothing where everything is present; without root or sudo it prints what to install
# and stops.
set -euo pipefail

PACKAGES=(qgis python3-qgis qgis-providers gdal-bin python3-gdal python3-venv python3-pip python3-dev
          xvfb xauth openbox xdotool faketime imagemagick gettext-base zip unzip git make fonts-dejavu-core fonts-open-sans
          fonts-sil-abyssinica fonts-tlwg-loma-ttf
          pyqt5-dev-tools qttools5-dev-tools libqt5svg5 poppler-utils libreoffice-calc-nogui
          nginx libnginx-mod-http-dav-ext openssl
          qgis-server postgresql-postgis)
# For a server that tests send packages to. Node that came from elsewhere brings npm, and apt's own cannot be beside it.
command -v node >/dev/null && command -v npm >/dev/null || PACKAGES+=(nodejs npm)

have_qgis() {
    command -v qgis_process >/dev/null || return 1
    /usr/bin/python3 -c 'import sys; from qgis.core import Qgis; sys.exit(Qgis.QGIS_VERSION_INT < 34000)' 2>/dev/null
}

missing=()
for package in "${PACKAGES[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ] && have_qgis; then
    exit 0
fi

. /etc/os-release
suite=""
if [ "${VERSION_CODENAME:-}" = bookworm ]; then
    suite=bookworm-backports
fi

if [ "$(id -u)" -eq 0 ]; then
    as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo)
else
    echo "Root rights are needed to install: ${missing[*]:-qgis (3.40 or newer)}" >&2
    [ -n "$suite" ] && echo "On Debian 12 add the suite $suite to your apt sources first, then use: apt-get install -t $suite ${PACKAGES[*]}" >&2
    exit 1
fi

if [ -n "$suite" ] && ! grep -rqs "$suite" /etc/apt/sources.list /etc/apt/sources.list.d; then
    list=/etc/apt/sources.list.d/aze-backports.list
    # The mirror that already serves bookworm itself, in either of apt's two file formats.
    mirror=$(grep -hE '^deb .* bookworm( |$)' /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null \
             | grep -oE '[a-z]+://[^ ]+' | head -n 1 || true)
    keyring=$(ls /usr/share/keyrings/debian-archive-keyring.gpg 2>/dev/null || true)
    if [ -z "$mirror" ]; then
        mirror=$(awk '/^$/{u=""} /^URIs:/{u=$2} /^Suites:/{for(i=2;i<=NF;i++) if($i=="bookworm"&&u!=""){print u; exit}}' \
                 /etc/apt/sources.list.d/*.sources)
    fi
    [ -n "$mirror" ] || { echo "No Debian mirror found in the apt sources; add $suite by hand." >&2; exit 1; }
    echo "deb ${keyring:+[signed-by=$keyring] }$mirror $suite main" | "${as_root[@]}" tee "$list" >/dev/null
fi

export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
# Packages that bring a server must not start it: tests run their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod +x "$policy"
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
"${as_root[@]}" apt-get install -y -qq --no-install-recommends ${suite:+-t "$suite"} "${PACKAGES[@]}"
have_qgis || { echo "The QGIS that apt offers here is older than 3.40." >&2; exit 1; }

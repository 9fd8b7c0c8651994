#!/bin/sh
# Installs the servers that the end-to-end tests run, from Debian's packages.
# Starts no service and configures none: every test runs its servers with
# directories, ports and configurations of its own. Does nothing where all is
# installed already; where root is needed for that and absent, says what is
# missing and fails.
#
#	internal/e2e/install.sh DIRECTORY
#
# Exim goes into DIRECTORY, since Debian lets only one mail transport agent be
# installed; everything else is installed as usual.
set -eu

directory=${1:?usage: install.sh DIRECTORY}
packages='postfix dovecot-core dovecot-imapd dovecot-lmtpd haproxy openssl python3 python3-aiosmtplib unbound knot influxdb prometheus prometheus-alertmanager rpm buildah'
exim=exim4-daemon-light
exim_libraries='libdb5.3 libgnutls30 libgnutls-dane0 libidn12 libpam0g libpcre2-8-0'
exim_user=Debian-exim # compiled in by name

missing=
for package in $packages $exim_libraries; do
	dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
test -x "$directory/usr/sbin/exim4" || missing="$missing $exim"
for user in "$exim_user" telegraf; do
	getent passwd "$user" >/dev/null || missing="$missing user:$user"
done

if test -z "$missing"; then
	exit 0
fi
if ! command -v apt-get >/dev/null; then
	echo "e2e: this needs Debian, or a system like it; missing:$missing" >&2
	exit 1
fi
if test "$(id -u)" -ne 0; then
	echo "e2e: run as root once, or install these first; missing:$missing" >&2
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive

# While this file says so, no package starts its service.
policy=/usr/sbin/policy-rc.d
if ! test -e "$policy"; then
	trap 'rm -f "$policy"' EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi

# Leaves /etc/postfix without a main.cf, and an existing one as it is.
if ! dpkg-query -W -f '${db:Status-Status}\n' postfix 2>/dev/null | grep -qx installed; then
	command -v debconf-set-selections >/dev/null &&
		echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
fi

apt-get -q update
# shellcheck disable=SC2086 # lists of names
apt-get -q install -y --no-install-recommends $packages $exim_libraries

# As Telegraf's own package does; the test of our package looks at its files.
getent passwd telegraf >/dev/null ||
	useradd --system --user-group --no-create-home --home-dir /etc/telegraf --shell /usr/sbin/nologin telegraf
getent passwd "$exim_user" >/dev/null ||
	useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$exim_user"

if ! test -x "$directory/usr/sbin/exim4"; then
	mkdir -p "$directory"
	fetched=$(mktemp -d)
	# apt downloads as its own user.
	chmod 777 "$fetched"
	(cd "$fetched" && apt-get -q download "$exim")
	dpkg -x "$fetched"/"$exim"_*.deb "$directory"
	rm -rf "$fetched"
fi

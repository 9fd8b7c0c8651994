#!/bin/sh
# Installs the servers that a suite of tests runs, from Debian's packages and npm:
#
#	internal/e2e/install.sh e2e|zoo DIRECTORY
#
# Packages that conflict with each other are only unpacked, each into a directory
# below DIRECTORY. No service is started or configured: the tests run the servers
# with their own configurations. If something is missing and cannot be installed,
# because the system is not Debian or the user is not root, the script lists it
# and fails.
set -eu

usage='usage: install.sh e2e|zoo DIRECTORY'
suite=${1:?$usage}
directory=${2:?$usage}

case $suite in
e2e)
	installed='postfix dovecot-core dovecot-imapd dovecot-lmtpd haproxy openssl python3 python3-aiosmtplib unbound knot influxdb
		prometheus prometheus-alertmanager rpm buildah
		libdb5.3 libgnutls30 libgnutls-dane0 libidn12 libpam0g libpcre2-8-0'
	unpacked='exim4-daemon-light'
	modules=
	users='telegraf Debian-exim'
	;;
zoo)
	installed='postfix dovecot-core dovecot-lmtpd dovecot-submissiond stunnel4 openssl python3-aiosmtpd m4 sasl2-bin
		libsasl2-modules libcourier-unicode4 libdb5.3 libevent-2.1-7 libevent-core-2.1-7 libevent-extra-2.1-7 libevent-openssl-2.1-7
		libgdbm6 libgnutls-dane0 libhashkit2 libidn12 libldap-2.5-0 liblockfile1 libltdl7 libmariadb3 libnsl2 libpam0g libpcre2-8-0
		libperl5.36 libpq5 libspf2-2 libwrap0'
	unpacked='opensmtpd sendmail-bin sendmail-base sendmail-cf courier-mta courier-base courier-authlib chasquid nginx libnginx-mod-mail
		exim4-daemon-heavy'
	modules='smtp-server@3.21.6 Haraka@3.3.4'
	users='opensmtpd opensmtpq smmta smmsp courier Debian-exim'
	command -v npm >/dev/null || installed="$installed nodejs npm"
	;;
*)
	echo "$usage" >&2
	exit 2
	;;
esac

is_installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }
is_unpacked() { test -e "$directory/.unpacked/$1"; }

missing=
for package in $installed; do
	is_installed "$package" || missing="$missing $package"
done
for package in $unpacked; do
	is_unpacked "$package" || missing="$missing $package"
done
for module in $modules; do
	test -d "$directory/node_modules/${module%@*}" || missing="$missing npm:$module"
done
for user in $users; do
	getent passwd "$user" >/dev/null || missing="$missing user:$user"
done

if test -z "$missing"; then
	exit 0
fi
if ! command -v apt-get >/dev/null; then
	echo "$suite: Debian or a derivative is required; missing:$missing" >&2
	exit 1
fi
if test "$(id -u)" -ne 0; then
	echo "$suite: run as root once, or install these first; missing:$missing" >&2
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive

# Packages do not start their services while this script exits with 101.
policy=/usr/sbin/policy-rc.d
if ! test -e "$policy"; then
	trap 'rm -f "$policy"' EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi

# The package creates no main.cf, and keeps an existing one.
if ! is_installed postfix && command -v debconf-set-selections >/dev/null; then
	echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
fi

apt-get -q update
# shellcheck disable=SC2086 # lists of names
apt-get -q install -y --no-install-recommends $installed

# The users that unpacked packages would create, and that of Telegraf's package.
for user in $users; do
	getent passwd "$user" >/dev/null ||
		useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$user"
done

mkdir -p "$directory/.unpacked"
for package in $unpacked; do
	if is_unpacked "$package"; then
		continue
	fi
	download=$(mktemp -d)
	chmod 777 "$download" # apt-get downloads as another user
	(cd "$download" && apt-get -q download "$package")
	mkdir -p "$directory/$package"
	dpkg -x "$download"/"$package"_*.deb "$directory/$package"
	rm -rf "$download"
	touch "$directory/.unpacked/$package"
done

if test -n "$modules"; then
	# shellcheck disable=SC2086 # a list of names
	npm install --prefix "$directory" --no-audit --no-fund --no-save --ignore-scripts $modules
fi

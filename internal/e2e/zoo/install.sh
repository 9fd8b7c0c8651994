#!/bin/sh
# Installs the servers of the zoo. Servers that Debian lets nobody install beside
# each other are unpacked into DIRECTORY; the rest is installed as usual. Starts
# no service. Where root is needed and absent it lists what is missing and fails.
#
#	internal/e2e/zoo/install.sh DIRECTORY
set -eu

directory=${1:?usage: install.sh DIRECTORY}
installed='postfix dovecot-core dovecot-lmtpd dovecot-submissiond stunnel4 openssl python3-aiosmtpd m4 sasl2-bin
	libsasl2-modules libcourier-unicode4 libdb5.3 libevent-2.1-7 libevent-core-2.1-7 libevent-extra-2.1-7 libevent-openssl-2.1-7 libgdbm6 libgnutls-dane0 libhashkit2
	libidn12 libldap-2.5-0 liblockfile1 libltdl7 libmariadb3 libnsl2 libpam0g libpcre2-8-0 libperl5.36 libpq5 libspf2-2 libwrap0'
unpacked='opensmtpd sendmail-bin sendmail-base sendmail-cf courier-mta courier-base courier-authlib chasquid nginx libnginx-mod-mail exim4-daemon-heavy'
modules='smtp-server@3.21.6 Haraka@3.3.4'
users='opensmtpd opensmtpq smmta smmsp courier Debian-exim'

command -v npm >/dev/null || installed="$installed nodejs npm"
missing=
for package in $installed; do
	dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
for package in $unpacked; do
	test -e "$directory/.unpacked/$package" || missing="$missing $package"
done
for user in $users; do
	getent passwd "$user" >/dev/null || missing="$missing user:$user"
done
test -d "$directory/node_modules/smtp-server" && test -d "$directory/node_modules/Haraka" || missing="$missing npm:smtp-server,Haraka"

test -n "$missing" || exit 0
if ! command -v apt-get >/dev/null; then
	echo "zoo: this needs Debian, or a system like it; missing:$missing" >&2
	exit 1
fi
if test "$(id -u)" -ne 0; then
	echo "zoo: run as root once, or install these first; missing:$missing" >&2
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
# While this file exits with 101, no package starts its service.
policy=/usr/sbin/policy-rc.d
if ! test -e "$policy"; then
	trap 'rm -f "$policy"' EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi
apt-get -q update
if ! dpkg-query -W -f '${db:Status-Status}\n' postfix 2>/dev/null | grep -qx installed; then
	command -v debconf-set-selections >/dev/null &&
		echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
fi
# shellcheck disable=SC2086 # lists of names
apt-get -q install -y --no-install-recommends $installed

for user in $users; do
	getent passwd "$user" >/dev/null ||
		useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$user"
done

mkdir -p "$directory/.unpacked"
for package in $unpacked; do
	test -e "$directory/.unpacked/$package" && continue
	fetched=$(mktemp -d)
	chmod 777 "$fetched" # apt downloads as a user of its own
	(cd "$fetched" && apt-get -q download "$package")
	mkdir -p "$directory/$package"
	dpkg -x "$fetched"/"$package"_*.deb "$directory/$package"
	rm -rf "$fetched"
	touch "$directory/.unpacked/$package"
done

# shellcheck disable=SC2086
npm install --prefix "$directory" --no-audit --no-fund --no-save --ignore-scripts $modules

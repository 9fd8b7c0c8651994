#!/bin/sh
# Makes the configuration readable by Telegraf, and creates the directory of the
# state file. If Telegraf is not installed yet, reinstall this package after it.
set -e
root=${DPKG_ROOT:-}
if getent group telegraf >/dev/null 2>&1; then
	chgrp telegraf "$root/etc/telegraf/smtpprobe.conf"
	chmod 0640 "$root/etc/telegraf/smtpprobe.conf"
fi
if getent passwd telegraf >/dev/null 2>&1 && ! test -d "$root/var/lib/telegraf"; then
	mkdir -p "$root/var/lib/telegraf"
	chown telegraf:telegraf "$root/var/lib/telegraf"
	chmod 0750 "$root/var/lib/telegraf"
fi

#!/bin/sh
# Lets Telegraf read the configuration and write the state file. On a machine
# without Telegraf both stay with root: install this package again afterwards.
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

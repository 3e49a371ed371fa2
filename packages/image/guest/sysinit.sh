#!/bin/sh
# Brings the device from a mounted root to where its services can start. Runs once, before everything else in
# /etc/inittab. A step that fails is said on the console and the device goes on: a running device can be repaired. What the
# shell can do by itself starts no program: services wait for all of this.
export PATH=/usr/sbin:/usr/bin
. /etc/slipway/release.env
lib=/usr/lib/slipway

say() { echo "slipway: $*" > /dev/console; }
is_mounted() { # WHERE
  while read -r _ where _; do
    [ "$where" != "$1" ] || return 0
  done < /proc/mounts
  return 1
}

read -r slot < /run/slipway/slot
read -r boot_id < /proc/sys/kernel/random/boot_id
read -r words < /proc/cmdline
root_hash=
for word in $words; do
  case $word in
    slipway.roothash=*) root_hash=${word#*=} ;;
  esac
done
say "boot id=$boot_id slot=$slot version=$VERSION roothash=$root_hash"

while read -r module; do
  insmod "$module" || say "module $module could not be loaded"
done < $lib/modules

esp=/run/slipway/esp
mkdir -p /dev/pts /dev/shm /dev/disk/by-partlabel /run/lock /run/resolvconf $esp \
  /run/slipway/services /run/slipway/started /run/slipway/log /run/slipway/exit
mount -t devpts -o nosuid,noexec,ptmxmode=0666,mode=0620 devpts /dev/pts
mount -t tmpfs -o nosuid,nodev,mode=1777 shm /dev/shm
mount -t tmpfs -o nosuid,nodev,mode=1777 tmp /tmp
mount -t tmpfs -o nosuid,nodev,mode=0755 var /var
mkdir -p /var/lib /var/log /var/cache /var/tmp
ln -s /run /var/run
: > /run/resolvconf/resolv.conf
is_mounted /sys/firmware/efi/efivars ||
  mount -t efivarfs -o nosuid,nodev,noexec efivarfs /sys/firmware/efi/efivars || say "no EFI variables"
# What the kernel of an earlier boot said when it panicked.
mount -t pstore -o nosuid,nodev,noexec pstore /sys/fs/pstore || say "no store for panics"
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 /sys/fs/cgroup || say "no control groups"
read -r controllers < /sys/fs/cgroup/cgroup.controllers
for controller in $controllers; do
  echo "+$controller" > /sys/fs/cgroup/cgroup.subtree_control 2> /dev/null
done

for uevent in /sys/class/block/*/uevent; do
  name=
  device=
  while IFS='=' read -r key value; do
    case $key in
      PARTNAME) name=$value ;;
      DEVNAME) device=$value ;;
    esac
  done < "$uevent"
  [ -z "$name" ] || ln -sf "../../$device" "/dev/disk/by-partlabel/$name"
done

# The ESP says what the loader starts where its variable is lost, and whether a factory reset is under way.
data=/dev/disk/by-partlabel/data
if mount -t vfat -o ro,nosuid,nodev,noexec /dev/disk/by-partlabel/esp $esp; then
  $lib/loader-default $esp > /run/slipway/confirmed
fi
confirmed=$($lib/confirmed)
echo "$confirmed" > /run/slipway/confirmed

# A factory reset, checking a large partition and containers that run once may take longer than the watchdog waits; a
# trial gets two minutes in all, a confirmed slot ten.
feed_watchdog() { # times
  times=$1
  exec 3> /dev/watchdog0
  while [ "$times" -gt 0 ]; do
    echo . >&3
    times=$((times - 1))
    sleep 15 3>&-
  done
}
feeder=
if [ -c /dev/watchdog0 ]; then
  if $lib/is-trial; then feedings=8; else feedings=40; fi
  feed_watchdog $feedings &
  feeder=$!
  # The agent writes to a pipe in its place, which hold-watchdog empties.
  if [ -e $lib/hold-watchdog ]; then rm -f /dev/watchdog && mkfifo -m 0600 /dev/watchdog; fi
fi

if is_mounted $esp; then
  $lib/wipe-data $esp $data > /dev/console
  umount $esp
fi

# One that cannot be repaired may mount all the same.
faults=$($lib/check-data $data /run/slipway/fsck.log)
[ -z "$faults" ] || say "$faults"
mount -t ext4 -o noatime,nosuid,nodev $data /data || say "the data partition could not be mounted"
$lib/trial-stage init
$lib/trial-log &

[ "$(date +%s)" -ge "$TIME_FLOOR" ] || {
  date -u -s "@$TIME_FLOOR" > /dev/null
  say "the clock was behind the release; set to $(date -u +%Y-%m-%dT%H:%M:%SZ)"
}
echo "$HOST_NAME" > /proc/sys/kernel/hostname
ip link set lo up

for bundle in /containers/onboot/*; do
  [ -d "$bundle" ] || continue
  name=${bundle##*/}
  log=/run/slipway/log/${name#*-}.log
  $lib/run-container "onboot/$name" > "$log" 2>&1 < /dev/null
  status=$?
  if [ $status -eq 0 ]; then
    say "onboot ${name#*-} done"
  else
    say "onboot ${name#*-} ended with status $status: $(tail -n 3 "$log" | tr '\n' ' ')"
  fi
done
[ -z "$feeder" ] || kill $feeder
read -r uptime _ < /proc/uptime
say "ready after ${uptime}s"

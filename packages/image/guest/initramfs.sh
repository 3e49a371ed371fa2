#!/bin/busybox sh
# First program of the kernel. Finds the slot whose bytes match the root hash on the kernel command line, mounts it
# through dm-verity and hands over. Whatever goes wrong ends in a restart, so that a trial falls back to the old slot.
export PATH=/bin

say() { echo "slipway: $*" > /dev/console; }
fail() {
  say "cannot boot: $*; restarting"
  reboot -f
  # The kernel panics when its first program ends, and then restarts too.
  exit 1
}

mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs -o mode=0755,nosuid,nodev run /run
mkdir -p /run/slipway

root_hash=
data_blocks=
for word in $(cat /proc/cmdline); do
  case $word in
    slipway.roothash=*) root_hash=${word#*=} ;;
    slipway.blocks=*) data_blocks=${word#*=} ;;
  esac
done
[ -n "$root_hash" ] && [ -n "$data_blocks" ] || fail "the command line has no slipway.roothash or slipway.blocks"

while read -r module; do
  insmod "/modules/$module" || say "module $module could not be loaded"
done < /modules/order

# The boot loader says which file it started. It is a hint: what verifies decides.
hint=
if mount -t efivarfs efivars /sys/firmware/efi/efivars 2> /dev/null; then
  entry=/sys/firmware/efi/efivars/LoaderEntrySelected-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f
  [ -e $entry ] && hint=$(tail -c +5 $entry | tr -d '\000')
fi
case $hint in
  slot-b*) slots='b a' ;;
  *) slots='a b' ;;
esac

# Prints the device of a partition.
partition() {
  for uevent in /sys/class/block/*/uevent; do
    if grep -q "^PARTNAME=$1\$" "$uevent"; then
      sed -n 's/^DEVNAME=//p' "$uevent"
      return
    fi
  done
}

# Disks may appear a moment after their driver.
tries=0
while [ -z "$(partition root-a)$(partition root-b)" ]; do
  tries=$((tries + 1))
  [ $tries -le 200 ] || fail "no partition root-a or root-b appeared within 10 s"
  usleep 50000
done

verity() { # device, options
  dmsetup create --noudevsync --verifyudev --readonly slipway-root --table \
    "0 $((data_blocks * 8)) verity 1 $1 $1 4096 4096 $data_blocks $data_blocks sha256 $root_hash - $2"
}

slot=
for candidate in $slots; do
  device=$(partition "root-$candidate")
  [ -n "$device" ] || continue
  # Without an option a mismatch is a read error, so that the other slot can be tried.
  verity "/dev/$device" '' || continue
  if dd if=/dev/mapper/slipway-root of=/dev/null bs=4096 count=1 2> /dev/null; then
    dmsetup remove --noudevsync slipway-root
    verity "/dev/$device" '1 panic_on_corruption' || fail "dm-verity refused slot $candidate"
    slot=$candidate
    break
  fi
  dmsetup remove --noudevsync slipway-root
  say "slot $candidate does not hold root hash $root_hash"
done
[ -n "$slot" ] || fail "no slot holds root hash $root_hash"

mount -t erofs -o ro /dev/mapper/slipway-root /root || fail "slot $slot verified but could not be mounted"
echo "$slot" > /run/slipway/slot

umount /sys/firmware/efi/efivars 2> /dev/null
for mount in dev proc sys run; do
  mount --move /$mount /root/$mount || fail "/$mount could not be moved"
done
exec switch_root /root /sbin/init

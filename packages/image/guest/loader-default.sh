#!/bin/sh
# Prints what a boot loader without EFI variables, or one that has lost them, starts unless a trial is armed: loader-default
# ESP. The agent writes it anew when it changes.
export PATH=/usr/sbin:/usr/bin
esp=$1
{
  # Of U-Boot and GRUB: in an environment.
  for file in "$esp"/slipway/uboot.? "$esp/slipway/grubenv"; do
    [ ! -e "$file" ] || tr '\000' '\n' < "$file" | sed -n 's/^.*slot_default=\([ab]\)$/\1/p'
  done
  # Of a Raspberry Pi: a partition.
  [ ! -e "$esp/autoboot.txt" ] ||
    sed -n '/^\[all\]/,/^\[tryboot\]/ { s/^boot_partition=2$/a/p; s/^boot_partition=3$/b/p; }' "$esp/autoboot.txt"
  sed -n 's/^default[[:space:]]*//p' "$esp/loader/loader.conf" 2> /dev/null
} | tail -n 1

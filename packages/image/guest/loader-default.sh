#!/bin/sh
# Prints what a boot loader without EFI variables, or one that has lost them, starts unless a trial is armed: loader-default
# ESP. The agent writes it anew when it changes.
export PATH=/usr/sbin:/usr/bin
esp=$1
{
  # Of U-Boot and GRUB: in an environment.
  cat "$esp"/slipway/uboot.? "$esp/slipway/grubenv" 2> /dev/null | tr '\000' '\n' | sed -n 's/^.*slot_default=\([ab]\)$/\1/p'
  # Of a Raspberry Pi: a partition.
  sed -n '/^\[all\]/,/^\[tryboot\]/ { s/^boot_partition=2$/a/p; s/^boot_partition=3$/b/p; }' "$esp/autoboot.txt" 2> /dev/null
  sed -n 's/^default[[:space:]]*//p' "$esp/loader/loader.conf" 2> /dev/null
} | tail -n 1

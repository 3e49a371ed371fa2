#!/bin/sh
# Keeps the watchdog's device open and passes on what is written to the pipe that stands in its place: the kernel complains
# each time somebody closes the device, which would be every few seconds. If this program ends, the device goes on counting.
export PATH=/usr/sbin:/usr/bin
[ -p /dev/watchdog ] || exec sleep 2147483647
exec cat <> /dev/watchdog > /dev/watchdog0

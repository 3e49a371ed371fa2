#!/bin/sh
# Ends with 0 if the slot that runs is not the confirmed one.
export PATH=/usr/sbin:/usr/bin
confirmed=$(/usr/lib/slipway/confirmed)
read -r slot < /run/slipway/slot
[ -n "$confirmed" ] && [ "$confirmed" != "$slot" ]

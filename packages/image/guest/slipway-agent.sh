#!/bin/sh
# The agent's command line, for people at the device: slipway-agent COMMAND
export PATH=/usr/sbin:/usr/bin
[ $# -gt 0 ] || set -- help
exec /usr/lib/slipway/agent "$@"

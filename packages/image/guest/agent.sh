#!/bin/sh
# Starts the agent: without arguments the one that keeps the device up to date, with arguments its command line.
exec @AGENT@ /usr/lib/slipway/agent.mjs "$@"

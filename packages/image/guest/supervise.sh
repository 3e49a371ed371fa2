#!/bin/sh
# Keeps one service running and says how it is: supervise NAME
export PATH=/usr/sbin:/usr/bin
name=$1
status_file=/run/slipway/services/$name
log=/run/slipway/log/$name.log
exit_file=/run/slipway/exit/$name
log_bytes=262144

# Only this program knows the number of starts; after a restart of its own it goes on counting.
starts=0
if [ -e "$status_file" ]; then starts=$(sed -n 's/.*"starts":\([0-9]*\).*/\1/p' "$status_file"); fi

report() { # state
  read -r uptime _ < /proc/uptime
  echo "{\"name\":\"$name\",\"state\":\"$1\",\"starts\":$starts,\"since\":$uptime}" > "$status_file.new"
  mv "$status_file.new" "$status_file"
}

# Copies its input to the log as it comes and keeps the log and its predecessor bounded.
write_log() {
  while :; do
    before=$(stat -c %s "$log" 2> /dev/null || echo 0)
    if [ "$before" -ge $log_bytes ]; then
      mv "$log" "$log.1"
      before=0
    fi
    dd bs=4096 count=64 of="$log" oflag=append conv=notrunc 2> /dev/null
    [ "$(stat -c %s "$log")" -gt "$before" ] || return
  done
}

delay=1
while :; do
  starts=$((starts + 1))
  report running
  read -r started _ < /proc/uptime
  {
    /usr/lib/slipway/run-container "services/$name" < /dev/null
    echo $? > "$exit_file"
  } 2>&1 | write_log
  read -r ended _ < /proc/uptime
  [ $((${ended%.*} - ${started%.*})) -lt 60 ] || delay=1
  report restarting
  echo "slipway: service $name ended with status $(cat "$exit_file"), starting again in ${delay}s: $(tail -n 2 "$log" | tr '\n' ' ')" \
    > /dev/console
  sleep $delay
  delay=$((delay * 2))
  [ $delay -le 30 ] || delay=30
done

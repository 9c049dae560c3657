#!/bin/sh
# OctoPrint past its first run, with one administrator: FOLDER PORT.
set -e
folder=$1 port=$2
octoprint() {
    ../../../build/real/octoprint/bin/octoprint --iknowwhatimdoing --basedir "$folder" "$@"
}
octoprint user add ann --password violet-otter-91 --admin >/dev/null 2>&1
for switch in server.firstRun server.onlineCheck.enabled plugins.tracking.enabled; do
    octoprint config set --bool "$switch" false >/dev/null 2>&1
done
exec ../../../build/real/octoprint/bin/octoprint --iknowwhatimdoing --basedir "$folder" \
    serve --iknowwhatimdoing --host 127.0.0.1 --port "$port" >/dev/null 2>&1

#!/bin/sh
# Debian's MediaWiki on SQLite, with one administrator: FOLDER PORT.
set -e
folder=$1 port=$2
# It has a link to settings that are not there.
cp -rL /usr/share/mediawiki "$folder/site" 2>/dev/null || true
rm -f "$folder/site/LocalSettings.php"
mkdir -p "$folder/data"
php "$folder/site/maintenance/install.php" --dbtype sqlite --dbpath "$folder/data" --dbname trial \
    --server "http://127.0.0.1:$port" --scriptpath "" --pass violet-otter-91 --confpath "$folder/site" \
    trial Ann >/dev/null
PHP_CLI_SERVER_WORKERS=4 exec php -S "127.0.0.1:$port" -t "$folder/site" >/dev/null 2>&1

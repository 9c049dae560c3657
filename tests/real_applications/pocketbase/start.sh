#!/bin/sh
# PocketBase, one program of Go, with one superuser: FOLDER PORT.
set -e
folder=$1 port=$2
pocketbase=../../../build/real/pocketbase/bin/pocketbase
"$pocketbase" superuser upsert ann@post.example violet-otter-91 --dir "$folder" >/dev/null
exec "$pocketbase" serve --dir "$folder" --http "127.0.0.1:$port"

#!/bin/sh
# Debian's DokuWiki, which keeps everything in files, with one account: FOLDER PORT.
set -e
folder=$1 port=$2
cp -rL /usr/share/dokuwiki "$folder/site"
rm -f "$folder/site/inc/preload.php" "$folder/site/install.php"
cp -rL /etc/dokuwiki "$folder/site/conf"
cp -r /var/lib/dokuwiki/data "$folder/site/data"
hash=$(php -r 'echo password_hash("violet-otter-91", PASSWORD_BCRYPT);')
echo "ann:$hash:Ann Otter:ann@post.example:user" >"$folder/site/conf/users.auth.php"
printf '*\t@ALL\t1\n*\t@user\t8\n' >"$folder/site/conf/acl.auth.php"
cat >"$folder/site/conf/local.php" <<END
<?php
\$conf['title'] = 'trial';
\$conf['useacl'] = 1;
\$conf['superuser'] = '@admin';
\$conf['savedir'] = './data';
END
rm -f "$folder/site/conf/local.protected.php"
PHP_CLI_SERVER_WORKERS=4 exec php -S "127.0.0.1:$port" -t "$folder/site" >/dev/null 2>&1

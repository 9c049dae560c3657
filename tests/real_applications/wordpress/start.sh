#!/bin/sh
# Debian's WordPress (apt install wordpress php-cli php-mysql mariadb-server) on a MariaDB of its own:
# FOLDER PORT.
set -e
folder=$1 port=$2
mariadb-install-db --datadir="$folder/data" --auth-root-authentication-method=normal \
    --user="$(id -un)" >/dev/null 2>&1
mariadbd --no-defaults --datadir="$folder/data" --socket="$folder/sql" --skip-networking \
    --user="$(id -un)" --pid-file="$folder/pid" >/dev/null 2>&1 &
until mariadb --no-defaults -u root -S "$folder/sql" -e 'create database wordpress' 2>/dev/null; do
    sleep 0.2
done
cp -rL /usr/share/wordpress "$folder/site"
rm -f "$folder/site/wp-config.php"
cat >"$folder/site/wp-config.php" <<END
<?php
define('DB_NAME', 'wordpress');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:$folder/sql');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
define('WP_SITEURL', 'http://127.0.0.1:$port');
define('WP_HOME', 'http://127.0.0.1:$port');
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
foreach (['AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT',
          'LOGGED_IN_SALT', 'NONCE_SALT'] as \$name) define(\$name, 'only for trials: ' . \$name);
\$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
END
cat >"$folder/install.php" <<END
<?php
define('WP_INSTALLING', true);
\$_SERVER['HTTP_HOST'] = '127.0.0.1:$port';
require '$folder/site/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('trial', 'ann', 'ann@post.example', false, '', 'violet-otter-91');
END
php "$folder/install.php" >/dev/null 2>&1
PHP_CLI_SERVER_WORKERS=4 exec php -S "127.0.0.1:$port" -t "$folder/site" >/dev/null 2>&1

#!/bin/sh
# Debian's Redmine (apt install redmine redmine-sqlite dbconfig-no-thanks) on SQLite: FOLDER PORT.
set -e
folder=$1 port=$2
mkdir "$folder/redmine"
for part in Gemfile Rakefile app bin config.ru db extra lib public; do
    cp -rL "/usr/share/redmine/$part" "$folder/redmine/"
done
cp -r /usr/share/redmine/config "$folder/redmine/config"
cd "$folder/redmine"
rm -f config/database.yml Gemfile.lock
echo 'gem "webrick"' >>Gemfile
home=instances/default
mkdir -p "$home/config" "$home/tmp/cache" "$home/log" "$home/files" tmp log
cat >"$home/config/database.yml" <<END
production:
  adapter: sqlite3
  database: $folder/redmine/db/trial.sqlite3
END
export RAILS_ENV=production SECRET_KEY_BASE=only-for-trials-only-on-this-machine-0123456789
export BUNDLE_GEMFILE="$folder/redmine/Gemfile" RAILS_SERVE_STATIC_FILES=1
bundle exec rake db:migrate >/dev/null
bundle exec rails runner '
    user = User.find_by(login: "admin")
    user.password = "violet-otter-91"
    user.must_change_passwd = false
    user.save!'
exec bundle exec rails server --using webrick --binding 127.0.0.1 --port "$port"

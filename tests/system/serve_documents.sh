#!/bin/sh
# Serves /var/www/html with each web server, by the snippet for it, and says what comes back for each PATH:
# SERVER PATH STATUS TYPE ORIGIN SHA256.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/run
ip link set lo up
mkdir -p /run/nginx /run/apache

cat >/run/nginx.conf <<END
error_log stderr;
pid /run/nginx.pid;
events {}
http {
    access_log off;
    server {
        listen 8001;
        include /snippets/nginx.conf;
    }
}
END
nginx -q -c /run/nginx.conf

modules=/usr/lib/apache2/modules
cat >/run/apache.conf <<END
ServerName localhost
PidFile /run/apache.pid
ErrorLog /run/apache/error.log
Listen 8002
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule alias_module $modules/mod_alias.so
LoadModule headers_module $modules/mod_headers.so
LoadModule mime_module $modules/mod_mime.so
TypesConfig /etc/mime.types
<VirtualHost *:8002>
    Include /snippets/apache.conf
</VirtualHost>
END
[ -e /etc/mime.types ] || : >/etc/mime.types
apache2 -f /run/apache.conf

{ echo '{ admin off'; echo '}'; echo 'http://:8003 {'; cat /snippets/Caddyfile; echo '}'; } >/run/Caddyfile
caddy start --config /run/Caddyfile --adapter caddyfile >/run/caddy.log 2>&1 || { cat /run/caddy.log; exit 1; }

for server in nginx:8001 apache:8002 caddy:8003; do
    for path in "$@"; do
        said=$(curl -sS --retry 5 --retry-connrefused -o /run/body -w '%{http_code} %{content_type} %header{access-control-allow-origin}' \
            "http://127.0.0.1:${server#*:}$path")
        echo "${server%:*} $path $said $(sha256sum </run/body | cut -d ' ' -f 1)"
    done
done

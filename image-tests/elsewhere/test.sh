# shellcheck shell=sh disable=SC2154
# runs in: container
# starts from: packages
# The bare domain lives on another web server, which has an old version of the documents at first; it redirects, and
# names a charset.
waits_for_documents() { state | grep -F "publish /etc/homeseed/www/"; }
redirects() { network "curl -sS -o /dev/null -w '%{http_code}' https://$SERVER_NAME/.well-known/matrix/server" | grep -x 302; }
names_a_charset() { network "curl -sSL -o /dev/null -w '%{content_type}' https://$SERVER_NAME/.well-known/matrix/server" | grep -x 'application/json; *charset=utf-8'; }

for page in "$DIR"/page-*.json; do
    cp "$page" "$page.new"
    sed -i 's/matrix\./old./; s/operator/former/' "$page"
done
boot
holds 'it waits while an old version is published' until_holds 600 waits_for_documents
holds 'the other web server redirects' redirects
holds 'the other web server names a charset' names_a_charset
for page in "$DIR"/page-*.json; do mv "$page.new" "$page"; done
ready 600
checks

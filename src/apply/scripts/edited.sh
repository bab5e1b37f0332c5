# The files that are named, as they are on the machine now, as an archive; what is too long to be read is left out.
for path; do
    if [ -f "$path" ] && [ "$(stat -Lc %s "$path")" -le 200000 ]; then printf '%s\n' "$path"; fi
done | tar -C / -ch --no-recursion --verbatim-files-from -T -

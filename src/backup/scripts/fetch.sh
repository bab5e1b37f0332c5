# An archive of the files of a tree that standard input names, a line each. The argument is the root.
# What is removed or changes meanwhile is no mistake.
tar -C "$1" -c --no-recursion --ignore-failed-read --verbatim-files-from -T - || [ $? = 1 ]

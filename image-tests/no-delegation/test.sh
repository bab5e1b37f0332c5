#!/bin/sh
# starts from: packages
# The server name is the machine's own name.
boot
ready 900
checks

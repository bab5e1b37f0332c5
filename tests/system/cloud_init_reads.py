"""Reads documents, one in base64 a line; says for each, as one line of JSON, what cloud-init would do with it.

All of it is cloud-init's own code, from the bytes that a datasource hands over to the script that `cc_bootcmd` runs.
"""

import base64
import json
import logging
import sys

from cloudinit import handlers, helpers, safeyaml, user_data, util
from cloudinit.handlers.cloud_config import CloudConfigPartHandler

logging.disable(logging.CRITICAL)
PATHS = helpers.Paths({"cloud_dir": "/nonexistent"})


def told(blob):
    """The configuration that the parts of `blob` make together."""
    message = user_data.UserDataProcessor(PATHS).process(blob)
    handler = CloudConfigPartHandler(PATHS)
    handler.cloud_buf = {}

    def part(_data, _filename, payload, headers):
        if headers["Content-Type"] == "text/cloud-config":
            handler._merge_part(payload, headers)

    handlers.walk(message, part, None)
    return safeyaml.load(safeyaml.dumps(handler.cloud_buf))


def done(blob):
    try:
        config = told(blob)
        # Blank lines at its end are all the same to a shell.
        config["bootcmd"] = util.shellify(config["bootcmd"]).rstrip()
        return sorted(config.items(), key=repr)
    except Exception as error:
        return "nothing: %s" % type(error).__name__


for line in sys.stdin:
    print(json.dumps(done(base64.b64decode(line)), default=str), flush=True)

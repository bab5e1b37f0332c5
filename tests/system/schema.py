"""Judges sites by a JSON Schema, both on standard input as JSON: prints what is wrong with each, or null."""

import json
import sys

import jsonschema
import yaml

asked = json.load(sys.stdin)
jsonschema.Draft7Validator.check_schema(asked["schema"])
validator = jsonschema.Draft7Validator(asked["schema"])
answers = []
for site in asked["sites"]:
    errors = sorted(validator.iter_errors(yaml.safe_load(site)), key=str)
    answers.append(errors[0].message if errors else None)
json.dump(answers, sys.stdout)

"""Asks a Prometheus whatever the dashboard and the alerts of examples/monitoring ask, and says what has no answer.

monitor.py FOLDER INSTANCE: FOLDER has dashboard.json and homeserver.rules.yml. Waits a minute for what is missing.
"""

import json, math, re, sys, time, urllib.parse, urllib.request, yaml

folder, instance = sys.argv[1:]
FUNCTIONS = re.compile(r'\b(?:[a-z_0-9]+(?=\s*\()|by|on|or|and|without|le|code|servlet|name|desc|state|mode|instance)\b')


def get(url):
    return urllib.request.urlopen(url, timeout=9).read().decode()


def api(path, **query):
    return json.loads(get('http://127.0.0.1:9090/api/v1/' + path + '?' + urllib.parse.urlencode(query)))['data']


def ask(expression):
    """The numbers that an expression gives."""
    values = [float(it['value'][1]) for it in api('query', query=expression)['result']]
    return [value for value in values if not math.isnan(value)]


def metrics(expression):
    """The names of metrics in an expression, without strings, durations, labels and functions."""
    bare = re.sub(r'\{[^}]*\}|\[[^]]*\]|"[^"]*"|\b(by|on) \([^)]*\)', ' ', expression)
    return {it for it in re.findall(r'\b[a-z]\w+\b', FUNCTIONS.sub(' ', bare)) if '_' in it or it == 'up'}


def told():
    """What the three endpoints say that they tell, whether or not there is any of it yet."""
    names = {'up'}
    for port in 19000, 19100, 19187:
        for name, kind in re.findall(r'^# TYPE (\S+) (\S+)', get(f'http://127.0.0.1:{port}/metrics'), re.M):
            names |= {name + end for end in ('_bucket', '_sum', '_count')} if kind == 'histogram' else {name}
    return names


def targets():
    for panel in json.load(open(folder + '/dashboard.json'))['panels']:
        for target in panel.get('targets', []):
            expression = target['expr'].replace('$__rate_interval', '5m').replace('$instance', instance)
            assert '$' not in expression, expression
            yield panel['title'], expression


def problems():
    names, shown = told(), list(targets())
    for title, expression in shown:
        if not ask(expression):
            yield f'the panel `{title}` is empty: {expression}'
        for name in metrics(expression) - names:
            yield f'the panel `{title}` wants what nobody tells: {name}'
    rules = [rule for group in yaml.safe_load(open(folder + '/homeserver.rules.yml'))['groups'] for rule in group['rules']]
    known = {rule['name']: rule for group in api('rules')['groups'] for rule in group['rules']}
    for rule in rules:
        found = known.pop(rule['alert'], {'health': 'missing'})
        if (found['health'], found.get('lastError', '')) != ('ok', ''):
            yield f"the alert {rule['alert']} is {found}"
        wanted = metrics(rule['expr'])
        if not wanted:
            yield f"the alert {rule['alert']} asks for nothing"
        for name in wanted:
            if name not in names or not ask(f'count({name})'):
                yield f"the alert {rule['alert']} wants what nobody tells: {name}"
    if known:
        yield f'nobody wrote the alerts {sorted(known)}'
    if [it['instance'] for it in api('series', **{'match[]': 'up{job="synapse"}'})] != [instance]:
        yield 'the machine cannot be chosen'
    yield from () if len(shown) > 40 and len(rules) > 9 else [f'{len(shown)} expressions and {len(rules)} alerts are too few']


end = time.time() + 60
while found := list(problems()):
    if time.time() > end:
        sys.exit('\n'.join(found))
    time.sleep(1)

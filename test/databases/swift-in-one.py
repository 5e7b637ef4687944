"""
A whole Swift in one process: its proxy with the S3 API in front, one account, container and object server behind it, on
loopback and in one folder, which must be on a file system with extended attributes. Nothing is installed or started as a service.

    swift-in-one.py FOLDER PORT ACCOUNT:USER SECRET [CERT.pem KEY.pem]
"""
import logging
import os
import sys

import eventlet

eventlet.patcher.monkey_patch(all=False, socket=True, select=True, thread=True)

from eventlet import listen, wrap_ssl, wsgi
from swift.common import utils
from swift.common.ring import RingBuilder
from swift.common.wsgi import SwiftHttpProtocol, loadapp

PROXY = '''
[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck s3api tempauth bulk slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:s3api]
use = egg:swift#s3api
[filter:tempauth]
use = egg:swift#tempauth
user_{account}_{user} = {secret} .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
'''

BACKEND = '''
[DEFAULT]
swift_dir = {folder}
devices = {folder}
mount_check = false
disable_fallocate = true
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
'''


class Memory:
    """A memcached that remembers nothing: each request looks."""

    def get(self, *_, **__):
        return None

    def set(self, *_, **__):
        pass

    def delete(self, *_, **__):
        pass


class Output(logging.StreamHandler):
    """There may be no syslog."""

    def __init__(self, **_):
        super().__init__()
        self.setLevel(logging.ERROR)


def write(name, text):
    path = os.path.join(folder, name)
    with open(path, 'w') as file:
        file.write(text)
    return path


def serve(name, text, sock):
    inner = loadapp(write(f'{name}-server.conf', text))

    def app(env, start):
        env['swift.cache'] = Memory()
        return inner(env, start)

    quiet = open(os.devnull, 'w')
    eventlet.spawn(wsgi.server, sock, app, quiet, protocol=SwiftHttpProtocol, debug=False)


def serve_backend(kind):
    sock = listen(('127.0.0.1', 0))
    ring = RingBuilder(2, 1, 1)
    at = {'ip': '127.0.0.1', 'port': sock.getsockname()[1]}
    ring.add_dev({'region': 1, 'zone': 1, 'device': 'disk', 'weight': 1, **at})
    ring.rebalance()
    ring.get_ring().save(os.path.join(folder, f'{kind}.ring.gz'))
    serve(kind, BACKEND.format(folder=folder, kind=kind), sock)


folder, port, access, secret, *tls = sys.argv[1:]
utils.ThreadSafeSysLogHandler = Output
utils.SWIFT_CONF_FILE = write('swift.conf', '[swift-hash]\nswift_hash_path_prefix = vigie\n')
utils.HASH_PATH_PREFIX = b'vigie'
os.makedirs(os.path.join(folder, 'disk'), exist_ok=True)
for each in ('account', 'container', 'object'):
    serve_backend(each)
account, user = access.split(':')
front = listen(('127.0.0.1', int(port)))
if tls:
    front = wrap_ssl(front, certfile=tls[0], keyfile=tls[1], server_side=True)
serve('proxy', PROXY.format(folder=folder, account=account, user=user, secret=secret), front)
eventlet.Event().wait()

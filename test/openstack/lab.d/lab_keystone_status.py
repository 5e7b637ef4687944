"""keystone-status, with its options read before its backends are loaded.

Zed's does it the other way round, so it only works with a key repository in
the default place, /etc/keystone/fernet-keys, whatever --config-file says.
"""
import sys

from keystone.cmd import status
import keystone.conf
from keystone.server import backends
from oslo_upgradecheck import upgradecheck

CONF = keystone.conf.CONF
keystone.conf.configure()
CONF(sys.argv[1:3], project='keystone')
backends.load_backends()
CONF.clear()
sys.exit(upgradecheck.main(CONF, 'keystone', status.Checks()))

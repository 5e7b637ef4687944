"""neutron-api with its database mappers configured.

Zed's GET /ports reads Port.port_forwardings, which SQLAlchemy adds only when
the mappers are first used: without this the first such call of a process fails.
"""
from neutron.cmd.eventlet.server import main_api_eventlet
from sqlalchemy import orm

application = main_api_eventlet()
orm.configure_mappers()

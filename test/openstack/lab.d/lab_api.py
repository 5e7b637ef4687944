"""What the lab does through the OpenStack APIs: register services, seed, wait."""
import json
import os
import sys
import time

import requests

AUTH_URL = os.environ['OS_AUTH_URL']
PASSWORD = os.environ['OS_PASSWORD']
REGION = os.environ['OS_REGION_NAME']


class Cloud:
    """The cloud as one user in one project."""

    def __init__(self, user='admin', project='admin'):
        self.http = requests.Session()
        self.http.trust_env = False
        domain = {'name': 'Default'}
        reply = self.http.post(AUTH_URL + '/auth/tokens', json={'auth': {
            'identity': {'methods': ['password'], 'password': {'user': {
                'name': user, 'domain': domain, 'password': PASSWORD}}},
            'scope': {'project': {'name': project, 'domain': domain}}}})
        reply.raise_for_status()
        self.http.headers['X-Auth-Token'] = reply.headers['X-Subject-Token']
        self.url = {
            service['type']: next(e['url'] for e in service['endpoints']
                                  if e['interface'] == 'public')
            for service in reply.json()['token']['catalog']
            if service['endpoints']}
        self.url['identity'] = AUTH_URL     # the catalog may lack the version

    def call(self, method, service, path, body=None, version='2.90',
             accept=(200, 201, 202, 204), **kwargs):
        headers = kwargs.pop('headers', {})
        if service == 'compute':
            headers['OpenStack-API-Version'] = 'compute ' + version
        reply = self.http.request(method, self.url[service] + path, json=body,
                                  headers=headers, **kwargs)
        if reply.status_code not in accept:
            sys.exit('%s %s: %s %s' % (method, reply.url, reply.status_code,
                                       reply.text))
        return reply.json() if reply.content else None

    def get(self, service, path, **params):
        return self.call('GET', service, path, params=params)

    def ensure(self, kind, name, service='identity', path=None, **fields):
        """The id of the KIND called NAME, made if there is none."""
        path = path or '/%ss' % kind
        # nova refuses to filter flavors by name; keystone and glance do it
        query = {} if service == 'compute' else {'name': name}
        found = [f for f in self.get(service, path, **query)[kind + 's']
                 if f['name'] == name]
        if found:
            return found[0]['id']
        made = dict(fields, name=name)
        if service == 'image':          # the one API that wraps nothing
            return self.call('POST', service, path, made)['id']
        return self.call('POST', service, path, {kind: made})[kind]['id']


def grant(cloud, role, actor, target):
    """Give a role: grant(c, role_id, 'users/ID', 'projects/ID')."""
    cloud.call('PUT', 'identity', '/%s/%s/roles/%s' % (target, actor, role))


def register():
    """Service users and the catalog (keystone itself: keystone-manage)."""
    cloud = Cloud()
    admin = cloud.ensure('role', 'admin')
    service_role = cloud.ensure('role', 'service')
    project = cloud.ensure('project', 'service', domain_id='default')
    urls = json.loads(os.environ['LAB_ENDPOINTS'])
    known = {(e['service_id'], e['interface'])
             for e in cloud.get('identity', '/endpoints')['endpoints']}
    for name, kind in (('placement', 'placement'), ('glance', 'image'),
                       ('neutron', 'network'), ('nova', 'compute')):
        user = cloud.ensure('user', name, domain_id='default',
                            password=PASSWORD)
        grant(cloud, admin, 'users/' + user, 'projects/' + project)
        grant(cloud, service_role, 'users/' + user, 'projects/' + project)
        service = cloud.ensure('service', name, type=kind)
        for interface in 'public', 'internal', 'admin':
            if (service, interface) not in known:
                cloud.call('POST', 'identity', '/endpoints', {'endpoint': {
                    'service_id': service, 'interface': interface,
                    'region_id': REGION, 'url': urls[kind]}})


def wait_for_computes(hosts, seconds=120):
    """Until nova-compute reports from these hosts and they can take servers."""
    cloud, began = Cloud(), time.time()
    since = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(began))
    while True:
        services = cloud.get('compute', '/os-services')['services']
        # a host that is forced down says so whether it reports or not
        up = {s['host'] for s in services if s['state'] == 'up' or
              s['forced_down'] and (s['updated_at'] or '') > since}
        nodes = {h['hypervisor_hostname'] for h in
                 cloud.get('compute', '/os-hypervisors')['hypervisors']}
        missing = set(hosts) - (up & nodes)
        if not missing:
            return
        if time.time() > began + seconds:
            sys.exit('no nova-compute up on ' + ', '.join(sorted(missing)))
        time.sleep(0.5)


def people(cloud):
    """Users who hold their roles in each of the ways keystone knows."""
    role = {r['name']: r['id']
            for r in cloud.get('identity', '/roles')['roles']}
    project = {name: cloud.ensure('project', name, domain_id='default')
               for name in ('admin', 'alpha', 'beta')}
    group = cloud.ensure('group', 'operators', domain_id='default')

    def user(name):
        return cloud.ensure('user', name, domain_id='default',
                            password=PASSWORD)

    for name, given, target in (
            ('alice', 'member', 'projects/' + project['alpha']),
            ('bob', 'member', 'projects/' + project['beta']),
            ('rita', 'reader', 'projects/' + project['alpha']),
            ('dora', 'admin', 'domains/default')):
        grant(cloud, role[given], 'users/' + user(name), target)
    # ops is an admin only through a group; in alpha, by itself as well
    ops = user('ops')
    cloud.call('PUT', 'identity', '/groups/%s/users/%s' % (group, ops))
    grant(cloud, role['admin'], 'groups/' + group,
          'projects/' + project['admin'])
    grant(cloud, role['admin'], 'users/' + ops, 'projects/' + project['alpha'])
    return project


def seed(count, hosts):
    cloud = Cloud()
    projects = people(cloud)
    for p in projects.values():
        cloud.call('PUT', 'compute', '/os-quota-sets/' + p, {'quota_set': {
            'force': True, 'instances': -1, 'cores': -1, 'ram': -1}})
    flavors = {name: cloud.ensure(
        'flavor', name, 'compute', ram=ram, vcpus=vcpus, disk=disk,
        **{'os-flavor-access:is_public': True})
        for name, ram, vcpus, disk in (('lab.small', 512, 1, 1),
                                       ('lab.medium', 1024, 2, 2))}
    image = cloud.ensure('image', 'lab-image', 'image', '/v2/images',
                         disk_format='raw', container_format='bare',
                         visibility='public')
    if cloud.get('image', '/v2/images/' + image)['status'] == 'queued':
        cloud.call('PUT', 'image', '/v2/images/%s/file' % image,
                   data=b'not an image' * 100,
                   headers={'Content-Type': 'application/octet-stream'})

    wait_for_computes(hosts)
    started = time.time()
    for name, project, share in (('alice', 'alpha', count - count // 2),
                                 ('bob', 'beta', count // 2)):
        if not share:
            continue
        Cloud(name, project).call('POST', 'compute', '/servers', {'server': {
            'name': project, 'imageRef': image, 'networks': 'none',
            'flavorRef': flavors['lab.small'],
            'metadata': {'seed': 'vigie-lab'},
            'min_count': share, 'max_count': share}})
    while True:
        left = building(cloud)
        if not left:
            break
        time.sleep(1)
    everyone = servers(cloud)
    errors = [s for s in everyone if s['status'] == 'ERROR']
    print('%d servers asked for, built in %.1f s; the cloud holds %d, %d in ERROR'
          % (count, time.time() - started, len(everyone), len(errors)))
    spread = {}
    for s in everyone:
        host = s['OS-EXT-SRV-ATTR:host']
        spread[host] = spread.get(host, 0) + 1
    print('  '.join('%s: %d' % pair for pair in sorted(
        spread.items(), key=lambda pair: str(pair[0]))))


def building(cloud):
    return cloud.get('compute', '/servers', all_tenants=1, status='BUILD',
                     limit=1)['servers']


def servers(cloud):
    found, marker = [], {}
    while True:
        page = cloud.get('compute', '/servers/detail', all_tenants=1,
                         limit=500, **marker)['servers']
        if not page:
            return found
        found += page
        marker = {'marker': page[-1]['id']}


def forget(host):
    """A compute host that is empty and gone for good; nova refuses to forget one with servers, also while they are deleted."""
    cloud = Cloud()
    for s in cloud.get('compute', '/os-services', host=host)['services']:
        for _ in range(20):
            refusal = cloud.call('DELETE', 'compute', '/os-services/' + s['id'],
                                 accept=(204, 409))
            if refusal is None:
                break
            time.sleep(1)
        else:
            sys.exit('%s: %s' % (host, refusal))


def services():
    for s in Cloud().get('compute', '/os-services')['services']:
        print('  %-15s %-10s %-9s %-5s %s%s' % (
            s['binary'], s['host'], s['status'], s['state'],
            s['disabled_reason'] or '',
            ' forced down' if s['forced_down'] else ''))


if __name__ == '__main__':
    verb, *args = sys.argv[1:]
    if verb == 'seed-if-empty' and servers(Cloud()):
        sys.exit()
    if verb.startswith('seed'):
        seed(int(args[0]), args[1:])
    elif verb == 'wait':
        wait_for_computes(args)
    elif verb == 'forget':
        forget(*args)
    else:
        {'register': register, 'services': services}[verb]()

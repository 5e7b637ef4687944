"""The lab's hypervisor: nova's FakeDriver with time, failure and memory.

* A live or cold migration takes as many seconds as asked, reports progress as
  the libvirt driver does, and can be aborted or forced to complete.
* It can be told to fail for chosen servers, at chosen points.
* A host's guests are kept in a file, as a hypervisor keeps them: they are
  still there when nova-compute starts again (FakeDriver forgets them).

What to do is read from $LAB_CONTROL/migration.json before every migration:
    {"seconds": 10, "slow": [{"seconds": 60, "match": "db-*"}],
     "fail": [{"phase": "run", "match": "web-*"}]}
and, where that has no "seconds", from $LAB_MIGRATE_SECONDS.

The phases, and what each is like:
    precheck  the destination refuses (CPU model, disk): before anything moves
    pre       the destination cannot prepare the guest (network, volumes)
    run       the memory copy breaks half-way: libvirt's "operation failed"
    crash     the driver itself raises: too late to roll back
    hang      the copy never converges; ends only by abort or force-complete
    cold      a cold migration or resize cannot stop and move the disk
"""

import fnmatch
import functools
import json
import os
import time

from oslo_log import log as logging

from nova import exception
from nova.virt import fake

LOG = logging.getLogger(__name__)

STEP = 0.25                     # seconds between two looks at a running job


def _control():
    path = os.path.join(os.environ['LAB_CONTROL'], 'migration.json')
    try:
        with open(path) as f:
            return json.load(f)
    except FileNotFoundError:
        return {}


def _is_of(instance, rule):
    return (fnmatch.fnmatch(instance.display_name or '', rule['match']) or
            fnmatch.fnmatch(instance.uuid, rule['match']))


def _seconds(instance):
    control = _control()
    for rule in control.get('slow', ()):
        if _is_of(instance, rule):
            return float(rule['seconds'])
    return float(control.get(
        'seconds', os.environ.get('LAB_MIGRATE_SECONDS', 0)))


def _fails(instance, phase):
    return any(rule['phase'] == phase and _is_of(instance, rule)
               for rule in _control().get('fail', ()))


def _then_save(name):
    """FakeDriver's method of that name, followed by saving the guests."""
    method = getattr(fake.FakeDriver, name)

    @functools.wraps(method)
    def wrapper(self, *args, **kwargs):
        try:
            return method(self, *args, **kwargs)
        finally:
            self._save_guests()
    return wrapper


class SlowFakeDriver(fake.FakeDriver):

    vcpus = int(os.environ.get('LAB_VCPUS', 64))
    memory_mb = int(os.environ.get('LAB_MEMORY_MB', 262144))
    local_gb = int(os.environ.get('LAB_DISK_GB', 8000))

    def __init__(self, virtapi, read_only=False):
        super().__init__(virtapi, read_only)
        self._jobs = {}         # instance uuid -> '', 'abort' or 'complete'

    # -- guests that outlive nova-compute

    def init_host(self, host):
        super().init_host(host)
        self._guest_file = os.path.join(
            os.environ['LAB_GUESTS'], host + '.json')
        if os.path.exists(self._guest_file):
            with open(self._guest_file) as f:
                for uuid, guest in json.load(f).items():
                    self.instances[uuid] = fake.FakeInstance(
                        guest['name'], guest['state'], uuid)

    def _save_guests(self):
        guests = {uuid: {'name': guest.name, 'state': guest.state}
                  for uuid, guest in self.instances.items()}
        with open(self._guest_file + '.new', 'w') as f:
            json.dump(guests, f)
        os.replace(self._guest_file + '.new', self._guest_file)

    spawn = _then_save('spawn')
    destroy = _then_save('destroy')
    reboot = _then_save('reboot')
    power_on = _then_save('power_on')
    power_off = _then_save('power_off')
    unrescue = _then_save('unrescue')
    finish_revert_migration = _then_save('finish_revert_migration')

    # -- live migration

    def check_can_live_migrate_destination(self, context, instance, *args,
                                           **kwargs):
        if _fails(instance, 'precheck'):
            raise exception.MigrationPreCheckError(
                reason='lab: %s refuses this guest' % self._host)
        return super().check_can_live_migrate_destination(
            context, instance, *args, **kwargs)

    def pre_live_migration(self, context, instance, *args, **kwargs):
        if _fails(instance, 'pre'):
            raise exception.NovaException(
                'lab: %s cannot prepare this guest' % self._host)
        return super().pre_live_migration(context, instance, *args, **kwargs)

    def live_migration(self, context, instance, dest, post_method,
                       recover_method, block_migration=False,
                       migrate_data=None):
        self._jobs[instance.uuid] = ''
        try:
            end = self._copy_memory(instance, migrate_data.migration)
        finally:
            del self._jobs[instance.uuid]
        if end == 'abort':
            recover_method(context, instance, dest, migrate_data,
                           migration_status='cancelled')
        elif end == 'fail':
            LOG.error('lab: migration operation has failed',
                      instance=instance)
            recover_method(context, instance, dest, migrate_data)
        else:
            post_method(context, instance, dest, block_migration,
                        migrate_data)

    def _copy_memory(self, instance, migration):
        """Pretend to copy the guest; say how that ended."""
        seconds = _seconds(instance)
        started = time.monotonic()
        done = 0.0
        while True:
            order = self._jobs[instance.uuid]
            if order:
                return order
            if _fails(instance, 'hang'):
                seconds = max(seconds, 10.0)
                done = min(done, 0.9)
            elif done >= 0.5 and _fails(instance, 'crash'):
                raise exception.NovaException('lab: the driver broke down')
            elif done >= 0.5 and _fails(instance, 'run'):
                return 'fail'
            elif done >= 1:
                return 'complete'
            self._report(instance, migration, done)
            time.sleep(min(STEP, seconds))
            spent = time.monotonic() - started
            done = min(1.0, spent / seconds) if seconds else 1.0

    def _report(self, instance, migration, done):
        """What nova.virt.libvirt.migration.save_stats does."""
        total = instance.flavor.memory_mb * 1024 * 1024
        migration.memory_total = total
        migration.memory_processed = int(total * done)
        migration.memory_remaining = total - int(total * done)
        migration.disk_total = 0
        migration.disk_processed = 0
        migration.disk_remaining = 0
        migration.save()
        instance.progress = int(100 * done)
        instance.save()

    def live_migration_abort(self, instance):
        self._jobs[instance.uuid] = 'abort'

    def live_migration_force_complete(self, instance):
        self._jobs[instance.uuid] = 'complete'

    def post_live_migration(self, context, instance, block_device_info,
                            migrate_data=None):
        # On the source, after the guest has gone.
        self.destroy(context, instance, network_info=None,
                     block_device_info=block_device_info)

    # -- cold migration and resize

    def migrate_disk_and_power_off(self, context, instance, dest, *args,
                                   **kwargs):
        time.sleep(_seconds(instance))
        if _fails(instance, 'cold'):
            raise exception.InstanceFaultRollback(
                exception.ResizeError(reason='lab: the disk cannot be moved'))
        return super().migrate_disk_and_power_off(
            context, instance, dest, *args, **kwargs)

/*
name: migration-record
summary: End the record of a migration that nothing works on any more
database: cell
releases:
  words: Liberty to 2026.1
  migrate_version: [302, 417]
  alembic_version:
    - 8f2f1571d55b
    - 16f1fbcab42b
    - ccb0fa1a2252
    - 960aac0e09ea
    - 1b91788ec3a6
    - 1acf2c98e646
    - 13863f4e1612
    - d60bddf7a903
    - 2903cd72dc14
risk: disruptive
rows: { expect: 1, max: 1 }
parameters:
  server: { type: server, help: the server it was to move }
  migration: { type: number, help: 'the number of the migration, as openstack server migration list shows it' }
  restarted:
    type: moment
    optional: true
    help: when nova-compute was last restarted on its source and on its destination, the earlier of the two (UTC)
  domjobinfo:
    choices: [none]
    optional: true
    help: what virsh domjobinfo says of its guest on its source, now, by your own eyes; a live migration outlives nova-compute
instead:
  - call: openstack server migration abort {server} {migration}
    why: while nova-compute of the source still knows a live migration (running from 2.24, queued and preparing from 2.65)
  - call: openstack server migration confirm {server}
    why: or revert, where the server waits in VERIFY_RESIZE
notes:
  - Look on both hosts that no guest of it runs twice; what the migration left there stays.
  - Its source stays as full as before (Queens or newer). Placement keeps that under the migration's own uuid, which openstack --os-compute-api-version 2.59 server migration list --server shows; nova-manage placement audit --verbose (Ussuri) names it once the record is ended.
  - "If the server runs on its destination: openstack resource provider allocation delete UUID OF THE MIGRATION. If it stayed on its source, its own allocation is the destination's: delete that one too, then nova-manage placement heal_allocations."
*/

-- preview
SELECT id, instance_uuid, migration_type, status, source_compute, dest_compute, created_at, updated_at
  FROM migrations
 WHERE id = :migration AND instance_uuid = :server AND deleted = 0
   AND COALESCE(status, '') NOT IN ('confirmed', 'reverted', 'error', 'failed', 'completed', 'cancelled', 'done');

-- none: it is an evacuation; its record is what removes the old guest when the source comes back
SELECT id FROM migrations WHERE id = :migration AND migration_type = 'evacuation';

-- none: its server is in the middle of a move by its task_state; see runbook task-state
SELECT id FROM instances
 WHERE uuid = :server AND deleted = 0
   AND (task_state LIKE 'resize%' OR task_state LIKE 'rebuild%' OR task_state = 'migrating');

-- none: its server waits for confirmation; confirm or revert it by the API
SELECT id FROM instances WHERE uuid = :server AND deleted = 0 AND vm_state = 'resized';

-- none: it was written to within the last hour, so it may be alive
SELECT id FROM migrations
 WHERE id = :migration AND COALESCE(updated_at, created_at) > UTC_TIMESTAMP() - INTERVAL 1 HOUR;

-- none: restarted lies in the future; it is a moment in UTC
SELECT 1 FROM DUAL WHERE :restarted > UTC_TIMESTAMP();

-- none: a live migration of its server has not ended by its events, and one goes on when nova-compute restarts; where virsh domjobinfo on its source says none, say restarted=WHEN domjobinfo=none
SELECT e.id FROM instance_actions_events e JOIN instance_actions a ON a.id = e.action_id
 WHERE a.instance_uuid = :server AND a.action = 'live-migration' AND e.finish_time IS NULL
   AND (:restarted IS NULL OR :domjobinfo IS NULL);

-- none: an event of its server's actions has not ended, so something may still work on it; where nova-compute was restarted since, say restarted=WHEN
SELECT e.id FROM instance_actions_events e JOIN instance_actions a ON a.id = e.action_id
 WHERE a.instance_uuid = :server AND e.finish_time IS NULL
   AND (:restarted IS NULL OR e.start_time > :restarted);

-- some: nova-compute of its source is neither up nor fenced (forced down), so nobody knows what it will still do
SELECT s.id FROM services s JOIN migrations m ON m.source_compute = s.host
 WHERE m.id = :migration AND s.`binary` = 'nova-compute' AND s.deleted = 0
   AND (s.forced_down = 1 OR s.last_seen_up > UTC_TIMESTAMP() - INTERVAL 60 SECOND);

-- some: nova-compute of its destination is neither up nor fenced (forced down), so nobody knows what it will still do
SELECT m.id FROM migrations m
  LEFT JOIN services s ON s.host = m.dest_compute AND s.`binary` = 'nova-compute' AND s.deleted = 0
 WHERE m.id = :migration
   AND (m.dest_compute IS NULL OR s.forced_down = 1 OR s.last_seen_up > UTC_TIMESTAMP() - INTERVAL 60 SECOND);

-- change
UPDATE migrations SET status = 'error'
 WHERE id = :migration AND instance_uuid = :server AND deleted = 0;

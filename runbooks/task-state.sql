/*
name: task-state
summary: Free a server that is stuck in a task, or in a state its guest is not in
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
  server: { type: server, help: the server that is stuck }
  guest:
    choices: [running, shutoff, paused, suspended]
    help: what virsh domstate says of its guest on its host, now, by your own eyes; suspended where virsh dominfo says Managed save yes
  restarted:
    type: moment
    optional: true
    help: when nova-compute of its host was last restarted (UTC)
  domjobinfo:
    choices: [none]
    optional: true
    help: what virsh domjobinfo says of its guest on its host, now, by your own eyes; a live migration outlives nova-compute
instead:
  - when: { guest: [running] }
    call: openstack server set --state active {server}
    why: os-resetState clears the task and says ACTIVE
  - call: openstack server set --state active {server}
    why: where the guest is shut off, Nova finds that out within ten minutes and says SHUTOFF itself
notes:
  - If the guest is not as you say, Nova will stop or lose it - look on its host first.
*/

-- preview
SELECT id, uuid, display_name, host, vm_state, task_state, power_state, updated_at
  FROM instances
 WHERE uuid = :server AND deleted = 0
   AND (task_state IS NOT NULL OR vm_state <> CASE :guest WHEN 'shutoff' THEN 'stopped' ELSE :guest END);

-- none: it is resized, rescued, shelved, soft-deleted or still building, and leaves that by the API only
SELECT id FROM instances
 WHERE uuid = :server AND deleted = 0 AND vm_state NOT IN ('active', 'stopped', 'paused', 'suspended', 'error');

-- none: it was suspended or was being suspended; if virsh dominfo says Managed save yes, say guest=suspended
SELECT id FROM instances
 WHERE uuid = :server AND deleted = 0 AND :guest = 'shutoff' AND (task_state = 'suspending' OR vm_state = 'suspended');

-- none: Nova wrote to it less than five minutes ago, so it may not be stuck; wait
SELECT id FROM instances
 WHERE uuid = :server AND deleted = 0 AND updated_at > UTC_TIMESTAMP() - INTERVAL 5 MINUTE;

-- none: a migration of it is not over; see runbook migration-record
SELECT id FROM migrations
 WHERE instance_uuid = :server AND deleted = 0
   AND COALESCE(status, '') NOT IN ('confirmed', 'reverted', 'error', 'failed', 'completed', 'cancelled', 'done');

-- none: restarted lies in the future; it is a moment in UTC
SELECT 1 FROM DUAL WHERE :restarted > UTC_TIMESTAMP();

-- none: a live migration of it has not ended by its events, and one goes on when nova-compute restarts; where virsh domjobinfo on its host says none, say restarted=WHEN domjobinfo=none
SELECT e.id FROM instance_actions_events e JOIN instance_actions a ON a.id = e.action_id
 WHERE a.instance_uuid = :server AND a.action = 'live-migration' AND e.finish_time IS NULL
   AND (:restarted IS NULL OR :domjobinfo IS NULL);

-- none: an event of its actions has not ended, so something may still work on it; where nova-compute was restarted since, say restarted=WHEN
SELECT e.id FROM instance_actions_events e JOIN instance_actions a ON a.id = e.action_id
 WHERE a.instance_uuid = :server AND e.finish_time IS NULL
   AND (:restarted IS NULL OR e.start_time > :restarted);

-- some: nova-compute of its host is neither up nor fenced (forced down), so nobody knows what it will still do
SELECT s.id FROM services s JOIN instances i ON i.host = s.host
 WHERE i.uuid = :server AND s.`binary` = 'nova-compute' AND s.deleted = 0
   AND (s.forced_down = 1 OR s.last_seen_up > UTC_TIMESTAMP() - INTERVAL 60 SECOND);

-- change
UPDATE instances
   SET task_state = NULL, vm_state = CASE :guest WHEN 'shutoff' THEN 'stopped' ELSE :guest END
 WHERE uuid = :server AND deleted = 0;

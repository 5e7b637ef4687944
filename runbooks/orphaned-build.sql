/*
name: orphaned-build
summary: Remove the build request of a server that was built long ago and is listed in BUILD all the same
database: nova_api
releases:
  words: Ocata to 2026.1
  migrate_version: [30, 82]
  alembic_version: [d67eeaabee36, b30f573d3377, cdeec0c85668]
risk: destructive
rows: { expect: 1, max: 1 }
parameters:
  server: { type: server, help: the server that is listed in BUILD }
instead:
  - call: openstack server delete {server}
    why: while no cell has the server, the API removes it with its request
  - call: openstack server set --state error {server}
    why: where its own row in the cell says building, os-resetState ends that
notes:
  - The server's own row in its cell is not touched.
*/

-- preview
SELECT id, instance_uuid, project_id, created_at, updated_at FROM build_requests WHERE instance_uuid = :server;

-- some: Nova has placed it in no cell; openstack server delete removes it with its request
SELECT id FROM instance_mappings WHERE instance_uuid = :server AND cell_id IS NOT NULL;

-- none: it was asked for within the last hour, so it may still be building
SELECT id FROM build_requests WHERE instance_uuid = :server AND created_at > UTC_TIMESTAMP() - INTERVAL 1 HOUR;

-- change
DELETE FROM build_requests WHERE instance_uuid = :server;

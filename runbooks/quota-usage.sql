/*
name: quota-usage
summary: Make Nova count what a project uses again, where its quota is full of servers that are gone
database: cell
releases:
  words: Grizzly to Mitaka (from Newton nova-manage project quota_usage_refresh does it, from Pike nothing is stored)
  migrate_version: [161, 319]
risk: disruptive
rows: { max: 200 }
parameters:
  project: { type: project, help: the id of the project }
  resource:
    choices: [instances, cores, ram, fixed_ips, floating_ips, security_groups]
    help: what is counted wrong
notes:
  - Nova counts at the project's next request for it; until then its quota shows -1.
*/

-- preview
SELECT id, project_id, resource, in_use, reserved, until_refresh, updated_at
  FROM quota_usages
 WHERE project_id = :project AND resource = :resource AND deleted = 0 AND in_use >= 0;

-- none: a request of the project holds a reservation of it that has not run out; wait
SELECT id FROM reservations
 WHERE project_id = :project AND resource = :resource AND deleted = 0 AND expire > UTC_TIMESTAMP();

-- change
UPDATE quota_usages SET in_use = -1
 WHERE project_id = :project AND resource = :resource AND deleted = 0 AND in_use >= 0;

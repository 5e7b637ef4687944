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
  - Nova counts at the project's next request for it; until then its quota shows -1. What is reserved Nova never counts, so it is set to 0 here, where no reservation is left.
*/

-- preview
SELECT id, project_id, resource, in_use, reserved, until_refresh, updated_at
  FROM quota_usages
 WHERE project_id = :project AND resource = :resource AND deleted = 0 AND (in_use >= 0 OR reserved <> 0);

-- none: a request of the project holds a reservation of it; wait, for nova-scheduler takes back one that has run out within a minute, and would take it twice
SELECT id FROM reservations
 WHERE project_id = :project AND resource = :resource AND deleted = 0;

-- change
UPDATE quota_usages SET in_use = -1, reserved = 0
 WHERE project_id = :project AND resource = :resource AND deleted = 0 AND (in_use >= 0 OR reserved <> 0);

/*
name: floating-ip
summary: Free a floating IP of nova-network that still points to a server that is gone
database: cell
releases:
  words: Grizzly to Mitaka, with nova-network
  migrate_version: [161, 319]
risk: disruptive
rows: { expect: 1, max: 1 }
parameters:
  address: { type: address, help: the floating IP }
instead:
  - call: nova floating-ip-disassociate SERVER {address}
    why: while the server lives
notes:
  - The address and its NAT rules stay on the host of nova-network until they are taken off or it is restarted.
*/

-- preview
SELECT id, address, fixed_ip_id, project_id, host, pool, updated_at
  FROM floating_ips
 WHERE address = :address AND deleted = 0 AND fixed_ip_id IS NOT NULL;

-- none: its fixed IP belongs to a server that lives; nova floating-ip-disassociate does it
SELECT f.id FROM fixed_ips f
  JOIN floating_ips p ON p.fixed_ip_id = f.id
  JOIN instances i ON i.uuid = f.instance_uuid
 WHERE p.address = :address AND p.deleted = 0 AND f.deleted = 0 AND i.deleted = 0;

-- change
UPDATE floating_ips SET fixed_ip_id = NULL, host = NULL
 WHERE address = :address AND deleted = 0 AND fixed_ip_id IS NOT NULL;

import type { AppCredential, Token, Trust } from '../keystone/identity.ts';
import type { ActionEvent, Fault, Host, InstanceAction, Migration, Server, Service } from '../world.ts';
import type { Row } from './writer.ts';

export function serverRow(server: Server): Row {
  const gone = server.vmState === 'deleted';
  return {
    id: server.number,
    uuid: server.id,
    created_at: server.created,
    updated_at: server.updated,
    deleted_at: gone ? server.terminated : null,
    deleted: gone ? server.number : 0,
    user_id: server.user,
    project_id: server.project,
    display_name: server.name,
    display_description: server.description,
    hostname: server.hostname,
    host: server.host,
    node: server.host,
    launched_on: server.host,
    vm_state: server.vmState,
    task_state: server.taskState,
    power_state: server.powerState,
    progress: server.progress,
    memory_mb: server.flavor.ram,
    vcpus: server.flavor.vcpus,
    root_gb: server.flavor.disk,
    ephemeral_gb: 0,
    instance_type_id: server.flavor.number,
    // nova fills in the zone of the host; what was asked for is in the request spec
    availability_zone: server.zone ?? (server.host === null ? null : 'nova'),
    config_drive: '',
    reservation_id: server.reservation,
    launch_index: server.launchIndex,
    launched_at: server.launched,
    terminated_at: server.terminated,
    locked: server.lockedBy !== null,
    locked_by: server.lockedBy,
    root_device_name: '/dev/sda',
    shutdown_terminate: false,
    disable_terminate: false,
    cleaned: gone ? 1 : 0,
    hidden: false,
  };
}

export function mappingRow(server: Server): Row {
  return {
    instance_uuid: server.id,
    created_at: server.created,
    updated_at: server.updated,
    cell_id: server.host === null && server.vmState === 'building' ? null : server.cell.id,
    project_id: server.project,
    user_id: server.user,
    queued_for_delete: server.vmState === 'deleted',
  };
}

/** Of what the owner asked for, the part that outlives the scheduling: the zone, where one was named. */
export function requestSpecRow(server: Server): Row {
  const spec = { 'nova_object.name': 'RequestSpec', 'nova_object.data': { availability_zone: server.zone } };
  return { instance_uuid: server.id, created_at: server.created, updated_at: null, spec: JSON.stringify(spec) };
}

export function migrationRow(migration: Migration): Row {
  const { memory } = migration;
  const disk = memory === null ? null : 0;
  return {
    id: migration.id,
    uuid: migration.uuid,
    created_at: migration.created,
    updated_at: migration.updated,
    deleted: 0,
    source_compute: migration.source,
    dest_compute: migration.dest,
    dest_host: migration.destHost,
    source_node: migration.sourceNode,
    dest_node: migration.destNode,
    status: migration.status,
    instance_uuid: migration.server.id,
    old_instance_type_id: migration.server.flavor.number,
    new_instance_type_id: migration.server.flavor.number,
    migration_type: migration.type,
    hidden: false,
    memory_total: memory?.total ?? null,
    memory_processed: memory?.processed ?? null,
    memory_remaining: memory === null ? null : memory.total - memory.processed,
    disk_total: disk,
    disk_processed: disk,
    disk_remaining: disk,
    cross_cell_move: false,
    user_id: migration.userId,
    project_id: migration.projectId,
  };
}

export function serviceRow(service: Service, seen: Date): Row {
  return {
    id: service.id,
    uuid: service.uuid,
    created_at: service.created,
    updated_at: service.updated > seen ? service.updated : seen,
    deleted: 0,
    host: service.host,
    binary: service.binary,
    topic: service.binary.replace('nova-', ''),
    report_count: Math.max(0, Math.floor((seen.getTime() - service.created.getTime()) / 10_000)),
    disabled: service.disabled,
    disabled_reason: service.disabledReason,
    last_seen_up: seen,
    forced_down: service.forcedDown,
    version: 64,
  };
}

export function nodeRow(host: Host): Row {
  const { size, allocated } = host;
  return {
    id: host.number,
    uuid: host.uuid,
    created_at: host.service.created,
    updated_at: host.service.updated,
    deleted: 0,
    host: host.name,
    hypervisor_hostname: host.name,
    hypervisor_type: 'QEMU',
    hypervisor_version: 7_002_000,
    cpu_info: '{"arch": "x86_64", "model": "Nehalem", "vendor": "Intel"}',
    vcpus: size.vcpus,
    memory_mb: size.ram,
    local_gb: size.disk,
    vcpus_used: allocated.vcpus,
    memory_mb_used: allocated.ram + 512,
    local_gb_used: allocated.disk,
    free_ram_mb: size.ram - allocated.ram - 512,
    free_disk_gb: size.disk - allocated.disk,
    running_vms: host.servers.size,
    host_ip: '127.0.0.1',
    mapped: 1,
  };
}

export function actionRow(server: Server, action: InstanceAction): Row {
  return {
    id: action.number,
    created_at: action.started,
    updated_at: action.updated,
    deleted: 0,
    action: action.action,
    instance_uuid: server.id,
    request_id: action.requestId,
    user_id: action.userId,
    project_id: action.projectId,
    start_time: action.started,
    message: action.message,
  };
}

export function eventRow(action: InstanceAction, event: ActionEvent, id: number): Row {
  return {
    id,
    created_at: event.started,
    updated_at: event.finished,
    deleted: 0,
    action_id: action.number,
    event: event.event,
    start_time: event.started,
    finish_time: event.finished,
    result: event.result,
    host: event.host,
    details: event.details,
  };
}

export function faultRow(server: Server, fault: Fault): Row {
  return {
    instance_uuid: server.id,
    created_at: fault.created,
    deleted: 0,
    code: fault.code,
    message: fault.message,
    details: fault.message,
    host: server.host,
  };
}

export function tokenRow(token: Token): Row {
  return {
    id: token.id,
    expires: token.expires,
    extra: JSON.stringify({ token_data: { token: { methods: token.methods } }, token_version: 'v3.0' }),
    valid: !token.revoked,
    trust_id: null,
    user_id: token.user.id,
  };
}

export function revocationRow(token: Token, now: Date): Row {
  return { audit_id: token.audit, issued_before: now, revoked_at: now, expires_at: token.expires };
}

export function trustRow(trust: Trust): Row {
  return {
    id: trust.id,
    trustor_user_id: trust.trustor,
    trustee_user_id: trust.trustee,
    project_id: trust.project,
    impersonation: trust.impersonation,
    expires_at: trust.expires,
    expires_at_int: trust.expires === null ? null : trust.expires.getTime() * 1000,
    remaining_uses: trust.uses,
    redelegation_count: 0,
    deleted_at: null,
  };
}

export function appCredentialRow(credential: AppCredential): Row {
  return {
    internal_id: credential.number,
    id: credential.id,
    name: credential.name,
    secret_hash: '$2b$12$simulated',
    description: credential.description,
    user_id: credential.user,
    project_id: credential.project,
    expires_at: credential.expires === null ? null : credential.expires.getTime() * 1000,
    unrestricted: credential.unrestricted,
  };
}

export function projectRow(project: { id: string; name: string; domain_id: string; is_domain: boolean }): Row {
  return {
    ...project,
    extra: '{}',
    description: '',
    enabled: true,
    parent_id: project.is_domain ? null : project.domain_id,
  };
}

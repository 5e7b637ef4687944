/** What alembic calls the schema of nova_api in Zed. */
export const API_REVISION = 'b30f573d3377';

/** The tables of nova_api that map servers and hosts to cells. */
export const API_TABLES: Readonly<Record<string, string>> = {
  cell_mappings: `
    created_at datetime, updated_at datetime, id int NOT NULL AUTO_INCREMENT, uuid varchar(36) NOT NULL,
    name varchar(255), transport_url text, database_connection text, disabled tinyint(1), PRIMARY KEY (id),
    UNIQUE KEY uniq_cell_mappings0uuid (uuid), KEY uuid_idx (uuid)`,
  host_mappings: `
    created_at datetime, updated_at datetime, id int NOT NULL AUTO_INCREMENT, cell_id int NOT NULL,
    host varchar(255) NOT NULL, PRIMARY KEY (id), UNIQUE KEY uniq_host_mappings0host (host), KEY cell_id (cell_id),
    KEY host_idx (host)`,
  instance_mappings: `
    created_at datetime, updated_at datetime, id int NOT NULL AUTO_INCREMENT, instance_uuid varchar(36) NOT NULL,
    cell_id int, project_id varchar(255) NOT NULL, queued_for_delete tinyint(1), user_id varchar(255),
    PRIMARY KEY (id), UNIQUE KEY uniq_instance_mappings0instance_uuid (instance_uuid), KEY cell_id (cell_id),
    KEY instance_mappings_user_id_project_id_idx (user_id,project_id), KEY project_id_idx (project_id),
    KEY instance_uuid_idx (instance_uuid)`,
  request_specs: `
    created_at datetime, updated_at datetime, id int NOT NULL AUTO_INCREMENT, instance_uuid varchar(36) NOT NULL,
    spec mediumtext NOT NULL, PRIMARY KEY (id), UNIQUE KEY uniq_request_specs0instance_uuid (instance_uuid),
    KEY request_spec_instance_uuid_idx (instance_uuid)`,
  build_requests: `
    created_at datetime, updated_at datetime, id int NOT NULL AUTO_INCREMENT, project_id varchar(255) NOT NULL,
    block_device_mappings mediumtext, instance_uuid varchar(36), instance mediumtext, tags text, PRIMARY KEY (id),
    UNIQUE KEY uniq_build_requests0instance_uuid (instance_uuid),
    KEY build_requests_instance_uuid_idx (instance_uuid), KEY build_requests_project_id_idx (project_id)`,
  alembic_version: 'version_num varchar(32) NOT NULL, PRIMARY KEY (version_num)',
};

/** Keystone's tables that hold something here; the token table is still there, though nothing since Rocky uses it. */
export const KEYSTONE_TABLES: Readonly<Record<string, string>> = {
  user: `
    id varchar(64) NOT NULL, extra text, enabled tinyint(1), default_project_id varchar(64), created_at datetime,
    last_active_at date, domain_id varchar(64) NOT NULL, PRIMARY KEY (id),
    UNIQUE KEY ixu_user_id_domain_id (id,domain_id), KEY ix_default_project_id (default_project_id),
    KEY domain_id (domain_id)`,
  local_user: `
    id int NOT NULL AUTO_INCREMENT, user_id varchar(64) NOT NULL, domain_id varchar(64) NOT NULL,
    name varchar(255) NOT NULL, failed_auth_count int, failed_auth_at datetime, PRIMARY KEY (id),
    UNIQUE KEY domain_id (domain_id,name), UNIQUE KEY user_id (user_id),
    KEY local_user_user_id_fkey (user_id,domain_id)`,
  project: `
    id varchar(64) NOT NULL, name varchar(64) NOT NULL, extra text, description text, enabled tinyint(1),
    domain_id varchar(64) NOT NULL, parent_id varchar(64), is_domain tinyint(1) NOT NULL DEFAULT 0, PRIMARY KEY (id),
    UNIQUE KEY ixu_project_name_domain_id (domain_id,name), KEY project_parent_id_fkey (parent_id)`,
  token: `
    id varchar(64) NOT NULL, expires datetime, extra text, valid tinyint(1) NOT NULL, trust_id varchar(64),
    user_id varchar(64), PRIMARY KEY (id), KEY ix_token_expires (expires), KEY ix_token_trust_id (trust_id),
    KEY ix_token_expires_valid (expires,valid), KEY ix_token_user_id (user_id)`,
  revocation_event: `
    id int NOT NULL AUTO_INCREMENT, domain_id varchar(64), project_id varchar(64), user_id varchar(64),
    role_id varchar(64), trust_id varchar(64), consumer_id varchar(64), access_token_id varchar(64),
    issued_before datetime NOT NULL, expires_at datetime, revoked_at datetime NOT NULL, audit_id varchar(32),
    audit_chain_id varchar(32), PRIMARY KEY (id),
    KEY ix_revocation_event_project_id_issued_before (project_id,issued_before),
    KEY ix_revocation_event_audit_id_issued_before (audit_id,issued_before),
    KEY ix_revocation_event_new_revoked_at (revoked_at), KEY ix_revocation_event_issued_before (issued_before),
    KEY ix_revocation_event_user_id_issued_before (user_id,issued_before)`,
  trust: `
    id varchar(64) NOT NULL, trustor_user_id varchar(64) NOT NULL, trustee_user_id varchar(64) NOT NULL,
    project_id varchar(64), impersonation tinyint(1) NOT NULL, deleted_at datetime, expires_at datetime,
    remaining_uses int, extra text, expires_at_int bigint, redelegated_trust_id varchar(64), redelegation_count int,
    PRIMARY KEY (id),
    UNIQUE KEY duplicate_trust_constraint_expanded (trustor_user_id,trustee_user_id,project_id,impersonation,expires_at,expires_at_int)`,
  application_credential: `
    internal_id int NOT NULL AUTO_INCREMENT, id varchar(64) NOT NULL, name varchar(255) NOT NULL,
    secret_hash varchar(255) NOT NULL, description text, user_id varchar(64) NOT NULL, project_id varchar(64),
    expires_at bigint, \`system\` varchar(64), unrestricted tinyint(1), PRIMARY KEY (internal_id),
    UNIQUE KEY duplicate_app_cred_constraint (user_id,name)`,
};

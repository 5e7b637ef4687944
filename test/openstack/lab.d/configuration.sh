# What the services are told; `lab` reads this file.
# shellcheck shell=bash disable=SC2153,SC2154

auth_section() {                # SECTION USER
    cat <<EOF
[$1]
auth_type = password
auth_url = $AUTH_URL
www_authenticate_uri = $AUTH_URL
username = $2
password = $PASSWORD
user_domain_name = Default
project_name = service
project_domain_name = Default
region_name = $REGION
EOF
    [[ $1 != keystone_authtoken ]] || echo "service_token_roles_required = true"
}

write_configs() {
    local s
    for s in keystone placement glance neutron nova; do
        mkdir -p "$ETC/$s" "$LAB_DIR/state/$s"
    done
    mkdir -p "$LAB_DIR"/{images,guests}

    cat >"$ETC/keystone/keystone.conf" <<EOF
[database]
connection = $(dsn keystone keystone)
[token]
provider = fernet
[fernet_tokens]
key_repository = $LAB_DIR/state/keystone/fernet
[fernet_receipts]
key_repository = $LAB_DIR/state/keystone/fernet
[credential]
key_repository = $LAB_DIR/state/keystone/credential
EOF

    cat >"$ETC/placement/placement.conf" <<EOF
[api]
auth_strategy = keystone
[placement_database]
connection = $(dsn placement placement)
$(auth_section keystone_authtoken placement)
EOF

    cp /usr/share/glance-common/glance-api-paste.ini "$ETC/glance/"
    cat >"$ETC/glance/glance-api.conf" <<EOF
[DEFAULT]
enabled_backends = lab:file
node_staging_uri = file://$LAB_DIR/state/glance/staging
[glance_store]
default_backend = lab
[lab]
filesystem_store_datadir = $LAB_DIR/images
[os_glance_tasks_store]
filesystem_store_datadir = $LAB_DIR/state/glance/tasks
[os_glance_staging_store]
filesystem_store_datadir = $LAB_DIR/state/glance/staging
[paste_deploy]
flavor = keystone
[database]
connection = $(dsn glance glance)
[oslo_concurrency]
lock_path = $LAB_DIR/state/glance
$(auth_section keystone_authtoken glance)
EOF
    mkdir -p "$LAB_DIR"/state/glance/{staging,tasks}

    cat >"$ETC/neutron/neutron.conf" <<EOF
[DEFAULT]
state_path = $LAB_DIR/state/neutron
core_plugin = ml2
service_plugins = router
api_paste_config = /usr/share/neutron-common/api-paste.ini
transport_url = $AMQP_URL
notify_nova_on_port_status_changes = false
notify_nova_on_port_data_changes = false
[database]
connection = $(dsn neutron neutron)
[oslo_concurrency]
lock_path = $LAB_DIR/state/neutron
[ml2]
type_drivers = local
tenant_network_types = local
mechanism_drivers =
$(auth_section keystone_authtoken neutron)
EOF

    cp /usr/share/nova-common/api-paste.ini "$ETC/nova/"
    cat >"$ETC/nova/nova.conf" <<EOF
[DEFAULT]
host = ctl1
my_ip = $ADDR
state_path = $LAB_DIR/state/nova
transport_url = $AMQP_URL
report_interval = $LAB_REPORT_INTERVAL
service_down_time = $LAB_SERVICE_DOWN_TIME
max_concurrent_live_migrations = $LAB_LANES
compute_driver = labdriver.SlowFakeDriver
vif_plugging_is_fatal = false
vif_plugging_timeout = 0
heal_instance_info_cache_interval = -1
[api_database]
connection = $(dsn nova nova_api)
[database]
connection = $(dsn nova nova)
[conductor]
workers = 1
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 2
[oslo_concurrency]
lock_path = $LAB_DIR/state/nova
[vnc]
enabled = false
$(auth_section keystone_authtoken nova)
$(auth_section placement nova)
$(auth_section neutron nova)
$(auth_section service_user nova)
send_service_user_token = true
EOF
}

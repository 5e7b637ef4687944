# Schemas, registration, and the services themselves; `lab` reads this file.
# shellcheck shell=bash disable=SC2153,SC2154

declare -A CONFIG=(
    [keystone]=$ETC/keystone/keystone.conf [placement]=$ETC/placement/placement.conf
    [glance]=$ETC/glance/glance-api.conf [neutron]=$ETC/neutron/neutron.conf
    [nova]=$ETC/nova/nova.conf
)

manage() {                      # COMMAND ARGUMENTS...: with its --config-file
    local project=${1%%-*} command=("$1"); shift
    [[ ${command[0]} != keystone-status ]] ||
        command=(/usr/bin/python3 "$PYLIB/lab_keystone_status.py")
    "${CLEAN[@]}" OS_PLACEMENT_CONFIG_DIR="$ETC/placement" \
        "${command[@]}" --config-file "${CONFIG[$project]}" "$@"
}

setup_keystone() {              # && because errexit is off where once() calls this
    local me=(--keystone-user root --keystone-group root)
    manage keystone-manage db_sync &&
    manage keystone-manage fernet_setup "${me[@]}" &&
    manage keystone-manage credential_setup "${me[@]}" &&
    manage keystone-manage bootstrap --bootstrap-password "$PASSWORD" \
        --bootstrap-region-id $REGION --bootstrap-public-url "$AUTH_URL" \
        --bootstrap-internal-url "$AUTH_URL" --bootstrap-admin-url "$AUTH_URL"
}

setup_nova() {
    manage nova-manage api_db sync &&
    manage nova-manage cell_v2 map_cell0 --database_connection "$(dsn nova nova_cell0)" &&
    manage nova-manage cell_v2 create_cell --name cell1 &&
    manage nova-manage db sync
}

setup_placement() { manage placement-manage db sync; }
setup_glance() { manage glance-manage db_sync; }
setup_neutron() { manage neutron-db-manage upgrade head; }

setup_all() {                   # each once, two at a time on two cores
    local project pids=() pid
    for project in nova neutron keystone placement glance; do
        once "db-$project" "setup_$project" >>"$LOG/setup-$project.log" 2>&1 &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do
        wait "$pid" || die "a database setup failed; see $LOG/setup-*.log"
    done
}

# Nova keeps only how a migration is now. This notes each change, as the database writes it.
setup_journal() {
    sql nova <<'EOF'
CREATE TABLE migration_journal (
    id BIGINT AUTO_INCREMENT PRIMARY KEY, at DATETIME(3), migration INT, type VARCHAR(20), server CHAR(36),
    status VARCHAR(255), source VARCHAR(255), dest VARCHAR(255), user_id VARCHAR(255));
DELIMITER //
CREATE TRIGGER journal_begun AFTER INSERT ON migrations FOR EACH ROW
    INSERT INTO migration_journal VALUES (NULL, UTC_TIMESTAMP(3), NEW.id, NEW.migration_type,
        NEW.instance_uuid, NEW.status, NEW.source_compute, NEW.dest_compute, NEW.user_id) //
CREATE TRIGGER journal_changed AFTER UPDATE ON migrations FOR EACH ROW
    IF NEW.status <> OLD.status THEN
        INSERT INTO migration_journal VALUES (NULL, UTC_TIMESTAMP(3), NEW.id, NEW.migration_type,
            NEW.instance_uuid, NEW.status, NEW.source_compute, NEW.dest_compute, NEW.user_id);
    END IF //
EOF
}

# --- services -----------------------------------------------------------------

start_api() {                   # NAME WSGI_SCRIPT PROCESSES
    local project=${1%-api}
    cat >"$ETC/$1-uwsgi.ini" <<EOF
[uwsgi]
plugin = python3
http-socket = $ADDR:${API_PORT[$1]}
wsgi-file = $2
processes = $3
master = true
lazy-apps = true
enable-threads = true
die-on-term = true
buffer-size = 65535
listen = 128
procname-prefix = lab-$1-
# The server closes after each reply, so say so, or clients reuse a dead socket.
add-header = Connection: close
EOF
    start "$1" "${CLEAN[@]}" \
        OS_KEYSTONE_CONFIG_DIR="$ETC/keystone" OS_PLACEMENT_CONFIG_DIR="$ETC/placement" \
        OS_GLANCE_CONFIG_DIR="$ETC/glance" OS_NOVA_CONFIG_DIR="$ETC/nova" \
        OS_NEUTRON_CONFIG_DIR="$ETC/neutron" OS_NEUTRON_CONFIG_FILES=neutron.conf \
        uwsgi --ini "$ETC/$1-uwsgi.ini"
}

api_healthy() {                 # NAME: it answers, and not with a server error
    [[ $(curl -so /dev/null -w '%{http_code}' "http://$ADDR:${API_PORT[$1]}/") =~ ^[234] ]]
}

start_compute() {               # HOST
    local conf=$ETC/nova/compute-$1.conf state=$LAB_DIR/state/nova/$1
    mkdir -p "$state"
    printf '[DEFAULT]\nhost = %s\nstate_path = %s\n' "$1" "$state" >"$conf"
    start "compute-$1" "${CLEAN[@]}" \
        LAB_CONTROL="$CONTROL" LAB_GUESTS="$LAB_DIR/guests" \
        LAB_MIGRATE_SECONDS="$LAB_MIGRATE_SECONDS" LAB_VCPUS="$LAB_VCPUS" \
        LAB_MEMORY_MB="$LAB_MEMORY_MB" LAB_DISK_GB="$LAB_DISK_GB" \
        /usr/bin/python3 "$PYLIB/lab_compute.py" \
        --config-file "${CONFIG[nova]}" --config-file "$conf"
}

start_nova_service() {          # conductor | scheduler
    start "nova-$1" "${CLEAN[@]}" "nova-$1" --config-file "${CONFIG[nova]}"
}

hosts_known() {                 # the hosts that have ever been started here
    local f
    for f in "$ETC"/nova/compute-*.conf; do
        [[ -e $f ]] && f=${f##*/compute-} && echo "${f%.conf}"
    done
}

first_hosts() { local i; for ((i = 1; i <= $1; i++)); do echo "cmp$i"; done; }   # N

hosts_wanted() { { first_hosts "$LAB_HOSTS"; hosts_known; } | sort -Vu; }

lab_api() {
    local u=http://$ADDR
    "${CLEAN[@]}" OS_AUTH_URL="$AUTH_URL" OS_PASSWORD="$PASSWORD" OS_REGION_NAME=$REGION \
        LAB_ENDPOINTS="{\"placement\": \"$u:${API_PORT[placement]}\",
            \"image\": \"$u:${API_PORT[glance]}\", \"network\": \"$u:${API_PORT[neutron]}\",
            \"compute\": \"$u:${API_PORT[nova-api]}/v2.1\"}" \
        /usr/bin/python3 "$HERE/lab_api.py" "$@"
}

# The lab's smaller verbs; `lab` reads this file.
# shellcheck shell=bash disable=SC2153

cmd_status() {
    local f name pid kb total=0 rc=0
    printf '%-18s %-8s %-8s %s\n' PROCESS PID STATE 'MEMORY (PSS)'
    for f in "$RUN"/*.pid; do
        [[ -e $f ]] || { echo 'nothing has been started'; return 1; }
        name=${f##*/}; name=${name%.pid}
        if pid=$(pid_of "$name"); then
            kb=$(tree_pss "$pid"); total=$((total + kb))
            printf '%-18s %-8s %-8s %d MiB\n' "$name" "$pid" "$(run_state "$pid")" $((kb / 1024))
        else
            printf '%-18s %-8s %-8s\n' "$name" - dead; rc=1
        fi
    done
    printf '%-18s %-8s %-8s %d MiB\n' total '' '' $((total / 1024))
    echo; echo 'nova services:'
    lab_api services || rc=1
    return $rc
}

run_state() { [[ $(ps -o stat= -p "$1") == T* ]] && echo frozen || echo running; }

tree_pss() {                    # PID: KiB of proportional memory of its session
    local p sum=0 kb
    for p in $(ps -o pid= -s "$1"); do
        kb=$(awk '/^Pss:/ {print $2}' "/proc/$p/smaps_rollup" 2>/dev/null) || continue
        sum=$((sum + ${kb:-0}))
    done
    echo $sum
}

cmd_seed() {
    local servers=20 hosts=$LAB_HOSTS only_if_empty= host
    while (($#)); do
        case $1 in
            --servers) servers=$2; shift 2 ;;
            --hosts) hosts=$2; shift 2 ;;
            --only-if-empty) only_if_empty=1; shift ;;
            *) die "seed: what is $1?" ;;
        esac
    done
    for host in $(first_hosts "$hosts"); do start_compute "$host"; done
    # shellcheck disable=SC2046     # one argument a host
    lab_api "seed${only_if_empty:+-if-empty}" "$servers" $(first_hosts "$hosts")
}

cmd_env() {
    local user=${1:-admin} project=admin
    case $user in
        alice | rita) project=alpha ;;
        bob) project=beta ;;
        admin | ops) ;;
        system | dora) project= ;;
        *) die "env: no such user: $user" ;;
    esac
    echo "export OS_AUTH_URL=$AUTH_URL OS_IDENTITY_API_VERSION=3 OS_REGION_NAME=$REGION"
    echo "unset OS_SYSTEM_SCOPE OS_DOMAIN_NAME OS_PROJECT_NAME OS_PROJECT_DOMAIN_NAME"
    case $user in
        system) echo "export OS_SYSTEM_SCOPE=all"; user="admin" ;;
        dora) echo "export OS_DOMAIN_NAME=Default" ;;
        *) echo "export OS_PROJECT_NAME=$project OS_PROJECT_DOMAIN_NAME=Default" ;;
    esac
    echo "export OS_USERNAME=$user OS_PASSWORD=$PASSWORD OS_USER_DOMAIN_NAME=Default"
    echo "export LAB_MEMBER_USERNAME=alice LAB_MEMBER_PASSWORD=$PASSWORD LAB_MEMBER_PROJECT_NAME=alpha"
    echo "export LAB_NOVA_DSN=mysql://nova:$PASSWORD@$ADDR:$MYSQL_PORT/nova"
    echo "export LAB_NOVA_API_DSN=mysql://nova:$PASSWORD@$ADDR:$MYSQL_PORT/nova_api"
    echo "export LAB_KEYSTONE_DSN=mysql://keystone:$PASSWORD@$ADDR:$MYSQL_PORT/keystone"
    echo "export LAB_MYSQL_SOCKET=$MYSQL_SOCKET LAB_DIR=$LAB_DIR"
    echo "export LAB_CELL_UUID=$(sql -N nova_api -e "SELECT uuid FROM cell_mappings WHERE name = 'cell1'")"
}

# Rows as the UUID token provider wrote them (it went in Rocky; its table stayed):
# ids at random, expires rising. The first half expired, up to 30 days ago; the
# other half expires within 24 hours. One in 50 was revoked (valid = 0).
cmd_tokens() {
    [[ ${1:-} =~ ^[1-9][0-9]*$ ]] || die "tokens: how many?"
    sql keystone <<EOF
-- With these off, MariaDB loads an empty table in bulk.
SET SESSION unique_checks = 0, foreign_key_checks = 0;
SET @now = UTC_TIMESTAMP(), @half = $1 DIV 2, @salt = UUID(),
    @extra = '{"token_data": {"token": {"methods": ["password"]}}, "token_version": "v3.0"}',
    @users = (SELECT COUNT(*) FROM user);
INSERT INTO token (id, expires, extra, valid, trust_id, user_id)
SELECT MD5(CONCAT(@salt, seq)) AS token_id,
       IF(seq <= @half,
          @now - INTERVAL 1 + CAST((@half - seq) * 2592000 / @half AS INTEGER) SECOND,
          @now + INTERVAL 60 + CAST((seq - @half) * 86000 / ($1 - @half) AS INTEGER) SECOND),
       @extra, seq MOD 50 > 0, NULL, u.id
FROM seq_1_to_$1 JOIN (SELECT id, ROW_NUMBER() OVER () - 1 AS n FROM user) u
     ON u.n = seq MOD @users
ORDER BY token_id;              -- or each row would touch another page
SELECT COUNT(*) AS tokens, SUM(expires < UTC_TIMESTAMP()) AS expired FROM token;
EOF
}

compute_pid() {                 # HOST: the pid of its nova-compute
    [[ -n ${1:-} ]] || die "which host?"
    pid_of "compute-$1" || die "no nova-compute runs as $1"
}

cmd_kill-compute() { compute_pid "$@" >/dev/null; stop "compute-$1" KILL; }
cmd_freeze-compute() { kill -STOP "$(compute_pid "$@")"; }
cmd_thaw-compute() { kill -CONT "$(compute_pid "$@")"; }

cmd_start-compute() {
    [[ ${1:-} =~ ^[A-Za-z0-9.-]+$ ]] || die "which host?"
    start_compute "$1"
    lab_api wait "$1"
}

cmd_remove-compute() {
    [[ ${1:-} =~ ^[A-Za-z0-9.-]+$ ]] || die "which host?"
    stop "compute-$1" KILL
    lab_api forget "$1"
    rm -rf "$ETC/nova/compute-$1.conf" "$LAB_DIR/state/nova/$1" "$LAB_DIR/guests/$1.json"
}

cmd_restart-mariadb() { stop mariadb; start_mariadb; }

cmd_migration() {
    local file=$CONTROL/migration.json now
    exec 9>"$file.lock" && flock 9      # others may be at it
    now=$(cat "$file" 2>/dev/null || echo '{}')
    while (($#)); do
        case $1 in
            --seconds) now=$(jq --argjson s "$2" '.seconds = $s' <<<"$now"); shift 2 ;;
            --fail)
                [[ $2 =~ ^(precheck|pre|run|crash|hang|cold): ]] || die "no such phase: $2"
                now=$(jq --arg p "${2%%:*}" --arg m "${2#*:}" \
                    '.fail += [{phase: $p, match: $m}]' <<<"$now"); shift 2 ;;
            --slow)
                [[ $2 =~ ^[0-9.]+:. ]] || die "migration --slow: how many seconds, and for whom?"
                now=$(jq --argjson s "${2%%:*}" --arg m "${2#*:}" \
                    '.slow = [{seconds: $s, match: $m}] + [.slow[]? | select(.match != $m)]' <<<"$now"); shift 2 ;;
            --forget)
                now=$(jq --arg p "$2" 'def others: [.[]? | select(.match | startswith($p) | not)];
                    .slow |= others | .fail |= others' <<<"$now"); shift 2 ;;
            --clear) now=$(jq 'del(.fail)' <<<"$now"); shift ;;
            *) die "migration: what is $1?" ;;
        esac
    done
    echo "$now" >"$file.new" && mv "$file.new" "$file"
    jq -c . "$file"
}

cmd_run() {
    case ${1:-} in
        nova-manage | nova-status | keystone-manage | keystone-status | \
            placement-manage | placement-status | glance-manage | neutron-db-manage) manage "$@" ;;
        ?*) (eval "$(cmd_env)"; exec env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@") ;;
        *) die "run what?" ;;
    esac
}

# The lab's database and message bus; `lab` reads this file.
# shellcheck shell=bash disable=SC2153,SC2154

sql() { mariadb --no-defaults --socket="$MYSQL_SOCKET" --user=root "$@"; }

start_mariadb() {
    mkdir -p "$LAB_DIR/mysql-tmp"
    cat >"$ETC/my.cnf" <<EOF
[mariadbd]
user = root
datadir = $LAB_DIR/mysql
tmpdir = $LAB_DIR/mysql-tmp
socket = $MYSQL_SOCKET
pid-file = $LAB_DIR/mysql/mariadbd.pid
bind-address = $ADDR
port = $MYSQL_PORT
skip-name-resolve
character-set-server = utf8mb4
max_connections = 2000
innodb_buffer_pool_size = 512M
innodb_log_file_size = 256M
# Nothing here must survive a power cut.
innodb_flush_log_at_trx_commit = 0
innodb_doublewrite = 0
EOF
    [[ -d $LAB_DIR/mysql/mysql ]] || "${CLEAN[@]}" mariadb-install-db \
        --defaults-file="$ETC/my.cnf" --auth-root-authentication-method=normal \
        --skip-test-db >"$LOG/mariadb-install.log" 2>&1
    start mariadb "${CLEAN[@]}" mariadbd --defaults-file="$ETC/my.cnf"
    wait_for mariadb 60 sql -e 'SELECT 1'
}

create_databases() {
    local pair
    for pair in keystone:keystone placement:placement glance:glance neutron:neutron \
        nova:nova nova:nova_api nova:nova_cell0; do
        echo "CREATE DATABASE IF NOT EXISTS ${pair#*:} CHARACTER SET utf8;"
        echo "GRANT ALL ON ${pair#*:}.* TO '${pair%:*}'@'$ADDR' IDENTIFIED BY '$PASSWORD';"
    done | sql
}

dsn() { echo "mysql+pymysql://$1:$PASSWORD@$ADDR:$MYSQL_PORT/$2?charset=utf8"; }   # USER DATABASE

start_rabbitmq() {
    local home=$LAB_DIR/rabbitmq
    mkdir -p "$home"
    cat >"$ETC/rabbitmq.conf" <<EOF
listeners.tcp.1 = $ADDR:$AMQP_PORT
default_user = openstack
default_pass = $PASSWORD
log.console = true
log.console.level = warning
log.file = false
EOF
    echo '[].' >"$ETC/rabbitmq-plugins"
    : >"$ETC/rabbitmq-env.conf"
    local rabbit=("${CLEAN[@]}" HOME="$home"
        ERL_EPMD_PORT="$EPMD_PORT" ERL_EPMD_ADDRESS="$ADDR"
        RABBITMQ_NODENAME=vigie-lab@localhost RABBITMQ_DIST_PORT="$AMQP_DIST_PORT"
        RABBITMQ_CONF_ENV_FILE="$ETC/rabbitmq-env.conf"
        RABBITMQ_CONFIG_FILE="$ETC/rabbitmq.conf"
        RABBITMQ_ENABLED_PLUGINS_FILE="$ETC/rabbitmq-plugins"
        RABBITMQ_MNESIA_BASE="$home" RABBITMQ_LOG_BASE="$LOG"
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} +sbwt none")
    start epmd "${CLEAN[@]}" epmd -port $EPMD_PORT -address $ADDR
    start rabbitmq "${rabbit[@]}" /usr/lib/rabbitmq/bin/rabbitmq-server
}

port_open() { (exec 3<>"/dev/tcp/$ADDR/$1") 2>/dev/null; }   # PORT

# Starting, finding and ending the lab's processes; `lab` reads this file.
# shellcheck shell=bash disable=SC2153,SC2154

# A pid file holds "PID STARTTIME": the start time tells our process from
# another that was given the same pid later.

start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

pid_of() {                      # NAME: its pid, if it runs
    local pid born
    read -r pid born 2>/dev/null <"$RUN/$1.pid" || return 1
    [[ -n $born && $(start_time "$pid") == "$born" ]] && echo "$pid"
}

start() {                       # NAME COMMAND...: start it unless it runs
    local name=$1; shift
    pid_of "$name" >/dev/null && return
    (keep_nothing_open && exec setsid "$@") >>"$LOG/$name.log" 2>&1 </dev/null &
    echo "$! $(start_time $!)" >"$RUN/$name.pid"
}

keep_nothing_open() {           # a lock that the caller holds must not last as long as the lab
    local fd
    for fd in /proc/self/fd/*; do
        fd=${fd##*/}
        if ((fd > 2)); then exec {fd}>&-; fi
    done
}

stop() {                        # NAME [SIGNAL]: end it and wait until it is gone
    local name=$1 pid i
    if pid=$(pid_of "$name"); then
        kill -"${2:-TERM}" "$pid" 2>/dev/null || true
        kill -CONT "$pid" 2>/dev/null || true
        for ((i = 0; i < 300; i++)); do
            pid_of "$name" >/dev/null || break
            # nova and uwsgi may finish long calls first; a lab need not wait
            ((i == 100)) && kill -KILL "$pid" 2>/dev/null
            sleep 0.1
        done
    fi
    rm -f "$RUN/$name.pid"
}

wait_for() {                    # WHAT SECONDS COMMAND...: until COMMAND succeeds
    local what=$1 deadline=$((SECONDS + $2)); shift 2
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || die "$what did not come up; see $LOG"
        sleep 0.2
    done
}

once() {                        # NAME COMMAND...: run it only if it never succeeded
    local name=$1; shift
    [[ -e $DONE/$name ]] && return
    "$@" && touch "$DONE/$name"
}

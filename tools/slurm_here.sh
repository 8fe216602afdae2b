#!/bin/sh
# Runs a command with a Slurm of its own: one controller and one node with N slots, on this machine, ended with the command.
#   apt-get install slurm-wlm munge
#   tools/slurm_here.sh [-n SLOTS] COMMAND …        for example: tools/slurm_here.sh -n 2 salloc -n 2 build/release/tests/apps/nest_test_apps
# Needs root, because slurmd starts the steps of other users; touches no configuration of the machine.
set -eu

slots=4
if [ "${1:-}" = -n ]; then slots=$2; shift 2; fi
if [ $# -eq 0 ]; then sed -n '2,5s/^# //p' "$0"; exit 2; fi
for tool in munged slurmctld slurmd scontrol; do
  command -v $tool >/dev/null || { echo "slurm_here: no $tool; apt-get install slurm-wlm munge" >&2; exit 1; }
done

dir=$(mktemp -d)
pids=
stop() {
  for pid in $pids; do kill "$pid" 2>/dev/null || true; done
  for pid in $pids; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM

dd if=/dev/urandom of="$dir/key" bs=128 count=1 status=none
chmod 400 "$dir/key"
# Its own socket: a munged of the machine is left alone. The folder must be one that others cannot write to.
chmod 711 "$dir"
munged --foreground --force --key-file="$dir/key" --socket="$dir/munge" --pid-file="$dir/munged.pid" \
  --log-file="$dir/munged.log" --seed-file="$dir/seed" >/dev/null 2>&1 &
pids="$pids $!"

name=$(hostname -s)
cat >"$dir/slurm.conf" <<CONF
ClusterName=here
SlurmctldHost=$name(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
AuthType=auth/munge
AuthInfo=socket=$dir/munge
CredType=cred/munge
CryptoType=crypto/munge
SlurmUser=root
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=$name NodeAddr=127.0.0.1 CPUs=$slots State=UNKNOWN
PartitionName=here Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
mkdir -p "$dir/state" "$dir/spool"
export SLURM_CONF="$dir/slurm.conf"
slurmctld -D >/dev/null 2>&1 &
pids="$pids $!"
slurmd -D >/dev/null 2>&1 &
pids="$pids $!"

tries=0
until sinfo --noheader --format=%T 2>/dev/null | grep -q '^idle'; do
  tries=$((tries + 1))
  if [ $tries -gt 60 ]; then
    echo "slurm_here: the node is not idle after 30 s:" >&2
    tail -n 5 "$dir"/*.log >&2
    exit 1
  fi
  sleep 0.5
done
"$@"

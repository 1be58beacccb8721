#!/usr/bin/env bash
# Runs every fuzz target that is built, each for so many seconds: run.sh SECONDS_PER_TARGET [BUILD_DIR].
# Builds nothing. One line a target; the exit status is 1 when one found something, 2 on bad usage.
# First inputs: tests/data, and tests/fuzz/corpus/<target> (inputs that once were findings).
set -u
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
seconds=${1:-}
build=${2:-$root/build/fuzz}
if ! [[ $seconds =~ ^[1-9][0-9]*$ ]] || [ $# -gt 2 ]; then
  echo "usage: run.sh SECONDS_PER_TARGET [BUILD_DIR]" >&2
  exit 2
fi
mapfile -t programs < <(find "$build" -type f -name 'fuzz_*' -perm -u+x 2>/dev/null | sort)
if [ ${#programs[@]} = 0 ]; then
  echo "no fuzz targets in $build; build them with: cmake --preset fuzz && cmake --build --preset fuzz" >&2
  exit 2
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
/usr/bin/env python3 "$root/tests/fuzz/corpus.py" "$work/seeds" || exit 2
findings=$build/findings
mkdir -p "$findings"

# run PROGRAM: its one line goes to $work/lines/<target>, which begins with "ok " when nothing was found.
run() {
  local program=$1 target folders log status inputs edges finding
  target=$(basename "$program")
  target=${target#fuzz_}
  mkdir -p "$work/new/$target" "$work/seeds/$target"
  folders=("$work/new/$target" "$work/seeds/$target")
  [ -d "$root/tests/fuzz/corpus/$target" ] && folders+=("$root/tests/fuzz/corpus/$target")
  log=$findings/$target.log
  "$program" -seed=1 -max_total_time="$seconds" -max_len=8192 -timeout=10 -malloc_limit_mb=64 \
    -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$findings/$target-" "${folders[@]}" >"$log" 2>&1
  status=$?
  inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
  if [ $status = 0 ]; then
    echo "ok $target: ${inputs:-0} inputs, ${edges:-0} edges covered, clean"
  else
    finding=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    echo "no $target: FINDING ${finding:-(none was written)}; see $log"
  fi >"$work/lines/$target"
}

# As many at a time as there are cores.
mkdir -p "$work/lines"
for program in "${programs[@]}"; do
  while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
  run "$program" &
done
wait
sed 's/^[on][ko] //' "$work"/lines/*
passed=$(grep -l '^ok ' "$work"/lines/* | wc -l)
failed=$((${#programs[@]} - passed))
echo "tally: $passed passed, $failed failed"
[ $failed = 0 ]

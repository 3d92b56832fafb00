#!/usr/bin/env bash
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Whole runs: many hosts, and commands typed by hand.
set -eu

folder=$(mktemp -d)
python ../setup_hub_emulator/files/hub_emulator.py --url-file "$folder/url" &
trap 'kill %1; wait; rm -rf "$folder"' EXIT
for _ in $(seq 100); do
    [ -e "$folder/url" ] || sleep 0.1
done
DOCKERHUB_URL=$(cat "$folder/url")
export ANSIBLE_DEPRECATION_WARNINGS=true # which ansible-test keeps silent
export DOCKERHUB_URL DOCKERHUB_USERNAME=mybot DOCKERHUB_PASSWORD=dckr_pat_fake-pat-of-mybot-000000000

# expect CODE WORDS COMMAND...: what a command ends with and says; no token and no secret, ever
expect() {
    local code=0 said
    said=$("${@:3}" 2>&1) || code=$?
    echo "$said"
    case $said in *eyJ* | *dckr_pat_* | *not-the-password*) echo 'A secret is on the screen.' && exit 1 ;; esac
    [ "$code" = "$1" ] || { echo "It ended with $code, not with $1." && exit 1; }
    [[ "$(tr -s ' \n' ' ' <<<"$said")" == *"$2"* ]] || { echo "It does not say: $2" && exit 1; }
}

# logins NUMBER: how many login requests the emulator saw by now
logins() {
    local seen
    seen=$(ansible localhost -m ansible.builtin.uri -a "url=$DOCKERHUB_URL/_emulator/counts" | grep '"logins"' | tr -dc 0-9)
    [ "$seen" = "$1" ] || { echo "The emulator saw $seen logins, not $1." && exit 1; }
}

expect 0 'localhost | SUCCESS' ansible localhost -m hubops.dockerhub.dockerhub_token
expect 0 'new token of mybot from' ansible localhost -v -m hubops.dockerhub.dockerhub_token
expect 0 'localhost | SUCCESS' ansible localhost --check -m hubops.dockerhub.dockerhub_token -a 'login_from=target'
expect 2 'check that this personal access token exists' \
    env DOCKERHUB_PASSWORD=dckr_pat_wrong ansible localhost -m hubops.dockerhub.dockerhub_token
logins 4
expect 0 'web4 : ok=4' ansible-playbook -i hosts hosts.yml "$@"
logins 5
expect 0 'web4 : ok=4' ansible-playbook -i hosts hosts.yml --check "$@"
logins 6
expect 2 'web4 : ok=0' env DOCKERHUB_PASSWORD=not-the-password ansible-playbook -i hosts hosts.yml "$@"
logins 7

# Runs a stock tool on a host of the lab: sh stock-host.sh TREE TOOL ...
# What it needs of /usr beyond the machine's comes from TREE (may be empty), where its packages were unpacked; what it
# writes to /etc and /var stays in a file system of its own. All of that lies in a mount namespace of the tool's own and
# goes with it. Keys and certificates are in /run/stock and /run/drover-tls.
set -eu
tree=$1
tool=$2
shift 2
mount -t tmpfs stock /mnt
for folder in etc var; do
  mkdir -p "/mnt/$folder" "/mnt/work-$folder"
  mount -t overlay stock -o "lowerdir=/$folder,upperdir=/mnt/$folder,workdir=/mnt/work-$folder" "/$folder"
done
[ -z "$tree" ] || mount -t overlay stock -o "lowerdir=$tree/usr:/usr" /usr
umask 077
mkdir -p /run/stock

user() { # name
  grep -q "^$1:" /etc/group || echo "$1:x:64055:" >>/etc/group
  grep -q "^$1:" /etc/passwd || echo "$1:x:64055:64055::/nonexistent:/usr/sbin/nologin" >>/etc/passwd
}

# How one host logs in on another, and whom it takes for that.
login='-F none -i /run/stock/key -o UserKnownHostsFile=/run/stock/known_hosts -o StrictHostKeyChecking=yes -o BatchMode=yes -o Ciphers=aes128-gcm@openssh.com'
trust() { # peer's address
  echo "$1 $(cut -d ' ' -f 1,2 /run/stock/key.pub)" >/run/stock/known_hosts
}

case $tool in
  keys)
    exec ssh-keygen -q -t ed25519 -N '' -C lab -f /run/stock/key
    ;;
  sshd) # own address
    user sshd
    # A locked account may not log in, with a key neither.
    sed -i 's/^root:[^:]*/root:*/' /etc/shadow
    # What the machine's root has its own shell do or say at the start is not for a copy.
    sed -i '/^root:/s|[^:]*$|/bin/sh|' /etc/passwd
    mkdir -p /run/sshd
    cat >/run/stock/sshd_config <<END
ListenAddress $1:22
HostKey /run/stock/key
AuthorizedKeysFile /run/stock/key.pub
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
PidFile none
Subsystem sftp internal-sftp
END
    exec "$(command -v sshd || echo /usr/sbin/sshd)" -D -e -f /run/stock/sshd_config
    ;;
  ssh) # peer's address, port here, port there
    trust "$1"
    # The target may still be starting its sshd.
    while :; do
      # shellcheck disable=SC2086 # options are words
      ssh -N $login -o ExitOnForwardFailure=yes -L "127.0.0.1:$2:127.0.0.1:$3" "root@$1" || sleep 0.2
    done
    ;;
  scp) # peer's address, folder there, files
    peer=$1
    folder=$2
    shift 2
    trust "$peer"
    # shellcheck disable=SC2086 # options are words
    exec scp -q $login "$@" "root@$peer:$folder"
    ;;
  rsync) # peer's address, folder there, files
    peer=$1
    folder=$2
    shift 2
    trust "$peer"
    # In place: what is there under the same name already is what the rest is compared with. Not by time and size: a
    # guest may write in the same second. Packed, since that costs little and most people do it on a far link.
    exec rsync --inplace --ignore-times --compress -e "ssh $login" "$@" "root@$peer:$folder"
    ;;
  stunnel) # own address, peer's address, peer's name, port between the two, port here, port there
    cat >/run/stock/stunnel.conf <<END
foreground = yes
syslog = no
debug = warning
pid =
cert = /run/drover-tls/host.pem
key = /run/drover-tls/host.key
CAfile = /run/drover-tls/ca.pem
verifyChain = yes
sslVersionMin = TLSv1.3
ciphersuites = TLS_AES_128_GCM_SHA256
[in]
accept = $1:$4
connect = 127.0.0.1:$6
[out]
client = yes
accept = 127.0.0.1:$5
connect = $2:$4
checkHost = $3
END
    exec "$(command -v stunnel4 || command -v stunnel)" /run/stock/stunnel.conf
    ;;
  libvirtd) # the host's id
    user libvirt
    user libvirt-qemu
    user kvm
    mkdir -p /etc/libvirt /etc/pki/CA /etc/pki/libvirt/private /run/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt
    cp /run/drover-tls/ca.pem /etc/pki/CA/cacert.pem
    for end in client server; do
      cp /run/drover-tls/host.pem "/etc/pki/libvirt/${end}cert.pem"
      cp /run/drover-tls/host.key "/etc/pki/libvirt/private/${end}key.pem"
    done
    cat >/etc/libvirt/libvirtd.conf <<END
host_uuid = "$1"
listen_tcp = 0
listen_tls = 1
auth_tls = "none"
auth_unix_rw = "none"
END
    # A logger of its own, namespaces and control groups are nothing that a lab has.
    cat >/etc/libvirt/qemu.conf <<END
stdio_handler = "file"
namespaces = []
cgroup_controllers = []
security_driver = "none"
user = "root"
group = "root"
END
    exec "$(command -v libvirtd || echo /usr/sbin/libvirtd)" --listen
    ;;
  named)
    exec "$(command -v named || echo /usr/sbin/named)" -g -c /run/dns/server.conf
    ;;
  knotd)
    exec "$(command -v knotd || echo /usr/sbin/knotd)" -c /run/dns/server.conf
    ;;
  virsh) # its words
    exec virsh -q -c qemu:///system "$@"
    ;;
esac

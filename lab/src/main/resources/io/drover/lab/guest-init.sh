#!/bin/busybox sh
# PID 1 of a lab guest. What it does is chosen on the kernel's command line:
#   drover.off=SECONDS (powers itself off then) drover.ip=192.0.2.10/24 drover.gateway=192.0.2.1 (both as often as wanted)
#   drover.disk=MB,RATE (verified writes to each disk)
#   drover.load=serve | idle | mem,MB,RATE[,FLIP[,PART]] | touch,MB | probe,MB | stress,MB | stress-ng,MB
/bin/busybox mkdir -p /proc /sys /dev /tmp
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev 2>/dev/null
/bin/busybox mount -t tmpfs tmp /tmp
/bin/busybox --install -s /bin
PATH=/bin
while read -r module; do insmod "/modules/$module.ko"; done < /modules/order
load=idle
for word in $(cat /proc/cmdline); do
  case $word in
    drover.ip=*) ips="$ips ${word#*=}" ;;
    drover.gateway=*) gateways="$gateways ${word#*=}" ;;
    drover.load=*) load=${word#*=} ;;
    drover.off=*) off=${word#*=} ;;
    drover.disk=*) disk=${word#*=} ;;
  esac
done
echo 1 > /proc/sys/kernel/panic_on_oops
ip link set lo up
if [ -n "$ips" ] && [ -e /sys/class/net/eth0 ]; then
  # Whoever moves keeps its address: asking around whether somebody has it would only delay it.
  for file in accept_dad accept_ra router_solicitations; do
    [ ! -e /proc/sys/net/ipv6/conf/eth0/$file ] || echo 0 > /proc/sys/net/ipv6/conf/eth0/$file
  done
  ip link set eth0 up
  for ip in $ips; do ip addr add "$ip" dev eth0; done
  for gateway in $gateways; do
    case $gateway in *:*) ip -6 route add default via "$gateway" dev eth0 ;; *) ip route add default via "$gateway" ;; esac
  done
fi
if [ -n "$off" ]; then
  (sleep "$off"; poweroff -f) &
fi
echo
echo "DROVER ready load=$load ok"
if [ -n "$disk" ]; then
  for device in /dev/vd?; do
    diskload "$device" "${disk%,*}" "${disk#*,}" &
  done
fi
old=$IFS; IFS=,; set -- $load; IFS=$old
kind=$1; shift
case $kind in
  mem) memload mem "$@" ;;
  serve)
    mkdir -p /www
    echo "DROVER page" > /www/index.html
    # httpd queues nine connections; with cookies the kernel resets some beyond that instead of answering them later.
    echo 0 > /proc/sys/net/ipv4/tcp_syncookies
    httpd -p 80 -h /www
    netserve &
    ;;
  touch) memload touch "$@" ;;
  probe) faultprobe "$@" ;;
  stress) stress --vm 1 --vm-bytes "$1M" --vm-keep & ;;
  stress-ng) stress-ng --temp-path /tmp --vm 1 --vm-bytes "$1M" --vm-keep --verify --metrics-brief & ;;
esac
case $kind in
  mem|touch|probe) echo "DROVER load-ended load=$load ok" ;;
esac
# A load that ends is said, whatever ended it; the others are watched here.
seconds=0
while :; do
  echo "DROVER alive t=$seconds processes=$(pidof stress stress-ng stress-ng-vm | wc -w) ok"
  sleep 1
  seconds=$((seconds + 1))
done

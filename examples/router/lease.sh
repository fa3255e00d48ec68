#!/bin/sh
# udhcpc runs this at every change of its lease.
ip addr flush dev "$interface"
case $1 in
  bound | renew)
    ip addr add "$ip/$mask" dev "$interface"
    echo "client: address $ip/$mask, DNS server ${dns:-none}, lease of $lease seconds"
    ;;
  leasefail) echo 'client: no address' ;;
  deconfig) echo 'client: asks for an address' ;;
esac

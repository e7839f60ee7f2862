#!/bin/bash
# Records the captures named recorded-*.pcap: real programs that talk between
# two network namespaces, which this script makes and removes. Needs root and
# Debian's iproute2 ethtool tcpdump nginx-light curl openssl dnsmasq-base
# bind9-dnsutils nmap ncat. Recordings differ from run to run (times, ports,
# keys); they are committed once and tests rely on what does not change.
#
#   testdata/captures/record.sh [NAME...]     all, or those named
set -euo pipefail
cd "$(dirname "$0")"
out=$PWD
work=$(mktemp -d)
client=weir-rec-c server=weir-rec-s
C="ip netns exec $client" S="ip netns exec $server"
web=192.0.2.20 web6=2001:db8::20

cleanup() {
	for n in $client $server; do
		ip netns pids $n 2>/dev/null | xargs -r kill 2>/dev/null || :
		ip netns del $n 2>/dev/null || :
	done
	rm -rf "$work"
}
trap cleanup EXIT

setup() {
	ip netns add $client
	ip netns add $server
	ip link add c0 netns $client address 02:00:00:00:00:10 type veth peer name s0 netns $server address 02:00:00:00:00:20
	$C ip addr add 192.0.2.10/24 dev c0
	$S ip addr add $web/24 dev s0
	$C ip -6 addr add 2001:db8::10/64 dev c0 nodad
	$S ip -6 addr add $web6/64 dev s0 nodad
	for n in $client:c0 $server:s0; do
		ip netns exec ${n%:*} ip link set lo up
		ip netns exec ${n%:*} ip link set ${n#*:} up
		ip netns exec ${n%:*} ethtool -K ${n#*:} tx off rx off tso off gso off gro off >/dev/null 2>&1 || :
	done
	openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/C=CH/O=Weir Test/CN=server.example' \
		-addext 'subjectAltName=DNS:server.example,DNS:www.server.example' \
		-keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
	mkdir -p "$work/www" "$work/tmp"
	printf '<html><body>Hello from the test server.</body></html>\n' >"$work/www/index.html"
	head -c 3000 /dev/zero | tr '\0' 'a' >"$work/www/plain.txt"
	cat >"$work/nginx.conf" <<-EOF
		daemon off; worker_processes 1; pid $work/nginx.pid; error_log /dev/null; user root;
		events {}
		http {
			access_log off; default_type text/html; gzip on; gzip_min_length 20; gzip_types text/plain;
			client_body_temp_path $work/tmp/1; proxy_temp_path $work/tmp/2; fastcgi_temp_path $work/tmp/3;
			uwsgi_temp_path $work/tmp/4; scgi_temp_path $work/tmp/5;
			server {
				listen 80; listen [::]:80;
				listen 443 ssl; ssl_certificate $work/cert.pem; ssl_certificate_key $work/key.pem;
				root $work/www;
				location /moved { return 301 http://server.example/; }
				location /upload { return 200 "taken"; }
			}
		}
	EOF
	$S nginx -c "$work/nginx.conf" &
	$S dnsmasq -k -C /dev/null --no-hosts --no-resolv --port=53 --pid-file="$work/dnsmasq.pid" -u root \
		--address=/server.example/$web --address=/server.example/$web6 --mx-host=example,mail.example,10 \
		--txt-record=txt.example,"a text of some words" --cname=www.server.example,server.example \
		--host-record=host.example,192.0.2.77 --ptr-record=20.2.0.192.in-addr.arpa,server.example \
		--srv-host=_http._tcp.example,server.example,80 &
	until $C curl -s -o /dev/null "http://$web/" && $C dig +time=1 +tries=1 @$web server.example >/dev/null; do sleep 0.2; done
}

want=("$@")
# record NAME COMMANDS: what passes the server's interface while they run.
record() {
	local name=recorded-$1
	if ((${#want[@]})) && [[ ! " ${want[*]} " == *" $1 "* ]]; then return; fi
	mkdir -p "$out/$2"
	$S tcpdump -Z root --immediate-mode -i s0 -s 0 -U -w "$work/$name.pcap" 'not arp and not (icmp6 and ip6[40] >= 130)' 2>"$work/tcpdump.log" &
	local pid=$!
	until grep -q listening "$work/tcpdump.log"; do sleep 0.05; done
	"$3" || :
	sleep 0.4
	kill -INT $pid
	wait $pid || :
	mv "$work/$name.pcap" "$out/$2/$name.pcap"
	printf '%-28s %7d bytes\n' "$2/$name" "$(stat -c %s "$out/$2/$name.pcap")"
}

http_plain() {
	$C curl -s "http://$web/" "http://$web/plain.txt" "http://$web/missing?q=1%20a" >/dev/null
	$C curl -s -o /dev/null --compressed -A 'weir-test/1.0' -e 'http://referrer.example/' "http://$web/plain.txt"
	$C curl -s -o /dev/null -L --resolve server.example:80:$web "http://server.example/moved"
}
http_post() {
	$C curl -s -o /dev/null -d 'user=alice&password=secret' "http://$web/upload"
	$C curl -s -o /dev/null -F 'file=@/etc/hostname;filename=report.txt' "http://$web/upload"
	$C curl -s -o /dev/null -H 'Transfer-Encoding: chunked' -d 'chunked body' "http://$web/upload"
}
http_ipv6() { $C curl -s -g -o /dev/null "http://[$web6]/"; }
http_slow() {
	# A request that comes a few bytes at a time.
	$C bash -c "exec 3<>/dev/tcp/$web/80; for s in 'GE' 'T /ind' 'ex.html HT' 'TP/1.1' \$'\r\n' 'Host: serv' \$'er.example\r\n' \$'Connection: close\r\n' \$'\r\n'; do printf '%s' \"\$s\" >&3; sleep 0.05; done; cat <&3 >/dev/null"
}
http_fragments() {
	# The server answers through a small MTU, the client's datagrams are cut.
	$C ip link set c0 mtu 576 && $S ip link set s0 mtu 576
	$C curl -s -o /dev/null "http://$web/plain.txt"
	$C ping -c 2 -s 1400 -M dont -q $web >/dev/null
	$C ip link set c0 mtu 1500 && $S ip link set s0 mtu 1500
	$C ip -6 addr replace 2001:db8::10/64 dev c0 nodad && $S ip -6 addr replace $web6/64 dev s0 nodad
}
tls_curl() {
	$C curl -sk -o /dev/null --resolve server.example:443:$web "https://server.example/"
	$C curl -sk -o /dev/null --tls-max 1.2 --resolve server.example:443:$web "https://server.example/"
}
tls_openssl() {
	echo | $C openssl s_client -connect $web:443 -servername www.server.example -tls1_2 -alpn h2,http/1.1 -sess_out "$work/sess" >/dev/null 2>&1
	echo | $C openssl s_client -connect $web:443 -servername www.server.example -tls1_2 -sess_in "$work/sess" >/dev/null 2>&1
}
dns_dig() {
	for q in 'A server.example' 'AAAA server.example' 'TXT txt.example' 'MX example' 'A www.server.example' 'A missing.invalid' \
		'SRV _http._tcp.example' '-x 192.0.2.20'; do
		$C dig +time=1 +tries=1 @$web $q >/dev/null
	done
	$C dig +tcp +time=1 +tries=1 @$web server.example >/dev/null
}
nmap_syn() { $C nmap -sS -n -Pn -p 20-60,80,443 --max-retries 0 -T4 $web >/dev/null; }
nmap_odd() { for s in -sX -sN -sF; do $C nmap $s -n -Pn -p 22,80 --max-retries 0 -T4 $web >/dev/null; done; }
icmp_ping() {
	$C ping -c 3 -q $web >/dev/null
	$C ping -6 -c 3 -q $web6 >/dev/null
	$C ncat -u -w 1 $web 9 </dev/null || :
	echo x | $C ncat -u -w 1 $web 9 || :
}

setup
record http-curl http http_plain
record http-post http http_post
record http-ipv6 http http_ipv6
record http-slow http http_slow
record http-fragments http http_fragments
record tls-curl tls tls_curl
record tls-openssl tls tls_openssl
record dns-dig dns dns_dig
record scan-syn scan nmap_syn
record scan-odd scan nmap_odd
record icmp-ping icmp icmp_ping

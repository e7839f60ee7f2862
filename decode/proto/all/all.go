// Package all lists the protocols: one line each. It is for cmd alone.
package all

import (
	"weir/decode/proto"
	"weir/decode/proto/bittorrent"
	"weir/decode/proto/dcerpc"
	"weir/decode/proto/dhcp"
	"weir/decode/proto/dnp3"
	"weir/decode/proto/dns"
	"weir/decode/proto/enip"
	"weir/decode/proto/ftp"
	"weir/decode/proto/http1"
	"weir/decode/proto/http2"
	"weir/decode/proto/ike"
	"weir/decode/proto/imap"
	"weir/decode/proto/krb5"
	"weir/decode/proto/ldap"
	"weir/decode/proto/modbus"
	"weir/decode/proto/mqtt"
	"weir/decode/proto/nfs"
	"weir/decode/proto/ntp"
	"weir/decode/proto/pgsql"
	"weir/decode/proto/pop3"
	"weir/decode/proto/quic"
	"weir/decode/proto/rdp"
	"weir/decode/proto/rfb"
	"weir/decode/proto/sip"
	"weir/decode/proto/smb"
	"weir/decode/proto/smtp"
	"weir/decode/proto/snmp"
	"weir/decode/proto/ssh"
	"weir/decode/proto/telnet"
	"weir/decode/proto/tftp"
	"weir/decode/proto/tls"
	"weir/decode/proto/websocket"
)

// Set returns all protocols, those with parsers first.
func Set() (*proto.Set, error) {
	plain, doh := http2.Protocols(dns.Embedded)
	return proto.NewSet(append([]*proto.Protocol{
		http1.Protocol,
		plain,
		doh,
		tls.Protocol,
		dns.Protocol,
		dns.MDNS,
		dns.LLMNR,
		ftp.Protocol,
		ftp.Data,
		ssh.Protocol,
		dcerpc.Protocol,
		smb.Protocol,
		krb5.Protocol,
		quic.Protocol,
		nfs.Protocol,
		smtp.Protocol,
		pop3.Protocol,
		imap.Protocol,
		ldap.Protocol,
		dhcp.Protocol,
		tftp.Protocol,
		ntp.Protocol,
		rdp.Protocol,
		bittorrent.Protocol,
		ike.Protocol,
		modbus.Protocol,
		dnp3.Protocol,
		enip.Protocol,
		mqtt.Protocol,
		sip.Protocol,
		pgsql.Protocol,
		rfb.Protocol,
		snmp.Protocol,
		telnet.Protocol,
		websocket.Protocol,
	}, known...)...)
}

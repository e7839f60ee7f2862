package main

import (
	"bytes"
	"compress/gzip"

	"github.com/klauspost/compress/zstd"

	"weir/decode/packet"
	"weir/decode/packet/packettest"
)

// formatFiles are one conversation in files of every format.
func formatFiles() []file {
	var frames [][]byte
	for _, ip := range conn().Request(request, 0).Response(response, 0).Close().Packets {
		frames = append(frames, packettest.EtherIP(ip))
	}
	records := packettest.Every(step+123, frames...)
	pcap := func(name string, p packettest.Pcap) file {
		p.Link = packet.LinkEthernet
		return file{"format/made-format-" + name + ".pcap", p.File(records)}
	}
	plain := pcap("micro-little", packettest.Pcap{})
	return []file{
		plain,
		pcap("micro-big", packettest.Pcap{Big: true}),
		pcap("nano-little", packettest.Pcap{Nano: true}),
		pcap("nano-big", packettest.Pcap{Big: true, Nano: true}),
		pcap("snap", packettest.Pcap{Snap: 96}),
		{"format/made-format-little.pcapng", interfaces(false, records)},
		{"format/made-format-big.pcapng", interfaces(true, records)},
		{"format/made-format-gzip.pcap.gz", gzipped(plain.data)},
		{"format/made-format-zstd.pcap.zst", zstandard(plain.data)},
	}
}

// interfaces returns a pcapng file whose records come from interfaces of several
// link types and resolutions.
func interfaces(big bool, records []packettest.Record) []byte {
	ifaces := []packettest.Interface{
		{Link: packet.LinkEthernet},
		{Link: packet.LinkRaw, Resolution: 9},
		{Link: packet.LinkSLL, Resolution: 3, Offset: 1000},
		{Link: packet.LinkIPv4, Resolution: 0x80 | 20},
	}
	all := make([]packettest.Record, len(records))
	for i, r := range records {
		r.Iface = i % len(ifaces)
		const header = 14
		switch r.Iface {
		case 1, 3:
			r.Data = r.Data[header:]
		case 2:
			r.Data = packettest.SLLHeader(packettest.IPv4, r.Data[header:])
		}
		all[i] = r
	}
	return packettest.PcapNG(big, ifaces, all)
}

// gzipped packs b without compression, whose result does not depend on the
// version of the library.
func gzipped(b []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.NoCompression)
	if err == nil {
		_, err = w.Write(b)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // a buffer takes everything
	}
	return out.Bytes()
}

func zstandard(b []byte) []byte {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		panic(err) // the options are right
	}
	return w.EncodeAll(b, nil)
}

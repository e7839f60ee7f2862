package quic

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
)

// Salts of the keys of Initial packets: of version 1 (RFC 9001 section 5.2), version 2
// (RFC 9369 section 3.3.1) and the drafts.
var (
	salt1  = []byte("\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a")
	salt2  = []byte("\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9")
	salt29 = []byte("\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99")
	salt23 = []byte("\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02")
)

// saltOf returns the salt of a version, nil if it is not known. v2: the labels are
// those of version 2.
func saltOf(version uint32) (salt []byte, v2 bool) {
	switch {
	case version == version1:
		return salt1, false
	case version == version2:
		return salt2, true
	case version >= 0xff00001d && version <= 0xff000022:
		return salt29, false
	case version >= 0xff000017 && version <= 0xff00001c, version == 0xfaceb002:
		return salt23, false
	}
	return nil, false
}

// keys are those of the Initial packets of a connection.
type keys struct {
	dirs [2]dirKeys
	// Scratch of open.
	mask  [aes.BlockSize]byte
	nonce [12]byte
	head  []byte
}

// dirKeys are those of a direction. The ciphers are there from the first packet
// to the end of the hello: they are large, and connections are many.
type dirKeys struct {
	key, hp [16]byte
	iv      [12]byte
	packet  cipher.AEAD
	header  cipher.Block
}

// ready makes the ciphers.
func (x *dirKeys) ready() error {
	if x.header != nil {
		return nil
	}
	block, err := aes.NewCipher(x.key[:])
	if err != nil {
		return err
	}
	if x.packet, err = cipher.NewGCM(block); err != nil {
		return err
	}
	x.header, err = aes.NewCipher(x.hp[:])
	return err
}

// forget gives the ciphers back.
func (x *dirKeys) forget() { x.packet, x.header = nil, nil }

// newKeys derives them from the connection ID that the client chose for the server
// (RFC 9001 section 5.2).
func newKeys(salt, id []byte, v2 bool) *keys {
	var padded [sha256.Size]byte // a key of HMAC is padded with zeros
	copy(padded[:], salt)
	secret := mac(&padded, id)
	labels := [3]string{"quic key", "quic iv", "quic hp"}
	if v2 {
		labels = [3]string{"quicv2 key", "quicv2 iv", "quicv2 hp"}
	}
	k := &keys{}
	for i, who := range [...]string{"client in", "server in"} {
		s := expand(&secret, who, sha256.Size)
		key, iv, hp := expand(&s, labels[0], 16), expand(&s, labels[1], 12), expand(&s, labels[2], 16)
		x := &k.dirs[i]
		copy(x.key[:], key[:])
		copy(x.iv[:], iv[:])
		copy(x.hp[:], hp[:])
	}
	return k
}

// expand is HKDF-Expand-Label of TLS 1.3 without context
// (RFC 8446 section 7.1), 32 bytes at most of which n count: one round of RFC 5869 section 2.3.
// Keys are derived for each connection, so that nothing is allocated for it.
func expand(secret *[sha256.Size]byte, label string, n int) [sha256.Size]byte {
	var room [maxInfo]byte
	info := append(room[:0], byte(n>>8), byte(n), byte(len("tls13 ")+len(label)))
	info = append(append(append(info, "tls13 "...), label...), 0)
	return mac(secret, append(info, 1))
}

// maxInfo is the longest info of expand and its counter, bytes.
const maxInfo = 3 + len("tls13 ") + len("quicv2 key") + 2

// mac is HMAC with SHA-256 (RFC 2104) of maxInfo bytes at most.
func mac(key *[sha256.Size]byte, b []byte) [sha256.Size]byte {
	var inner [sha256.BlockSize + maxInfo]byte
	var outer [sha256.BlockSize + sha256.Size]byte
	for i := range sha256.BlockSize {
		k := byte(0)
		if i < len(key) {
			k = key[i]
		}
		inner[i], outer[i] = k^0x36, k^0x5c
	}
	n := copy(inner[sha256.BlockSize:], b)
	sum := sha256.Sum256(inner[:sha256.BlockSize+n])
	copy(outer[sha256.BlockSize:], sum[:])
	return sha256.Sum256(outer[:])
}

// open decrypts an Initial packet whose number stands at off and appends what is in
// it to dst (RFC 9001 sections 5.3 and 5.4).
func (k *keys) open(dst []byte, d int, b []byte, off int) ([]byte, bool) {
	const sampleAt, sampleLen = 4, 16
	if k == nil || len(b) < off+sampleAt+sampleLen {
		return dst, false
	}
	x, mask := &k.dirs[d], &k.mask
	if x.ready() != nil {
		return dst, false
	}
	x.header.Encrypt(mask[:], b[off+sampleAt:off+sampleAt+sampleLen])
	first := b[0] ^ mask[0]&0x0f
	n := int(first&3) + 1
	// The header is authenticated as it was before its protection.
	k.head = append(k.head[:0], b[:off+n]...)
	head := k.head
	head[0] = first
	var number uint64
	for i := range n {
		head[off+i] ^= mask[1+i]
		number = number<<8 | uint64(head[off+i])
	}
	k.nonce = x.iv
	for i := range 8 {
		k.nonce[4+i] ^= byte(number >> (56 - 8*i))
	}
	out, err := x.packet.Open(dst, k.nonce[:], b[off+n:], head)
	return out, err == nil
}

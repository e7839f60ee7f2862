package smb

import (
	"bytes"
	"encoding/binary"

	"weir/decode/cursor"
	"weir/decode/field"
	"weir/decode/proto/internal/msrpc"
)

// header1 is the length of a header of version 1 ([MS-CIFS] section 2.2.3.1), bytes.
const header1 = 32

// Commands of version 1 ([MS-CIFS] section 2.2.2.1) that something is done with.
const (
	cmd1Close        = 0x04
	cmd1Trans        = 0x25
	cmd1ReadAndX     = 0x2e
	cmd1WriteAndX    = 0x2f
	cmd1Trans2       = 0x32
	cmd1Negotiate    = 0x72
	cmd1SessionSetup = 0x73
	cmd1TreeConnect  = 0x75
	cmd1NTCreate     = 0xa2
	cmd1Locking      = 0x24
	cmd1OpenAndX     = 0x2d
	cmd1Logoff       = 0x74
	cmd1None         = 0xff
)

// Flags of a header of version 1.
const (
	flags1Reply     = 0x80
	flags1NTStatus  = 0x4000
	flags1Unicode   = 0x8000
	maxAndX         = 16 // commands in one message
	setupTransactNP = 0x26
)

// smb1 is a message of version 1, or one command of it.
type smb1 struct {
	cmd     uint8
	flags   uint8
	flags2  uint16
	status  uint32
	tree    uint16
	user    uint16
	message uint64 // process and multiplex ID
	all     []byte // the message, for offsets
	words   []byte // parameters
	data    []byte // what follows them
	dataAt  int    // offset of data in all
	left    int    // bytes of the message that are not in all
}

func (m *smb1) unicode() bool { return m.flags2&flags1Unicode != 0 }

// parse1 reads the header of a message.
func parse1(b []byte, left int) (m smb1, ok bool) {
	c := cursor.New(b)
	c.Skip(4)
	m.cmd = c.U8()
	m.status = c.LE32()
	m.flags = c.U8()
	m.flags2 = c.LE16()
	c.Skip(2 + 8 + 2)
	m.tree = c.LE16()
	pid := c.LE16()
	m.user = c.LE16()
	m.message = uint64(pid)<<16 | uint64(c.LE16())
	m.all, m.left = b, left
	return m, !c.Short()
}

// command reads the parameters that stand at off.
func (m *smb1) command(off int) bool {
	if off > len(m.all) {
		return false
	}
	c := cursor.New(m.all[off:])
	m.words = c.Bytes(2 * int(c.U8()))
	c.Skip(2) // the count of bytes is wrong for large reads and writes
	if c.Short() {
		m.data, m.dataAt = nil, len(m.all)
		return m.words != nil || off < len(m.all) && m.all[off] == 0
	}
	m.dataAt = off + c.Pos()
	m.data = m.all[m.dataAt:]
	return true
}

// at returns n bytes of the message from off on, nil if they are not there.
func (m *smb1) at(off, n int) []byte {
	if off < header1 || off > len(m.all) || n > len(m.all)-off {
		return nil
	}
	return m.all[off : off+n]
}

// streams1 reports whether what is there of a message is enough to take the rest as
// it comes: a write request, or the response to a read.
func streams1(b []byte) bool {
	m, ok := parse1(b, 0)
	if !ok || !m.command(header1) {
		return false
	}
	switch reply := m.flags&flags1Reply != 0; {
	case !reply && m.cmd == cmd1WriteAndX && len(m.words) >= 24:
		return len(b) >= int(binary.LittleEndian.Uint16(m.words[22:]))
	case reply && m.cmd == cmd1ReadAndX && len(m.words) >= 24:
		return len(b) >= int(binary.LittleEndian.Uint16(m.words[12:]))
	}
	return false
}

// message1 handles a message: its command and those that it chains.
func (p *parser) message1(dir field.Dir, b []byte, left int) {
	m, ok := parse1(b, left)
	if !ok {
		p.event(evMalformedData, dir)
		return
	}
	reply := m.flags&flags1Reply != 0
	switch {
	case reply && dir == field.ToServer:
		p.event(evResponseToServer, dir)
		return
	case !reply && dir == field.ToClient:
		if m.cmd != cmd1Locking {
			p.event(evRequestToClient, dir)
		}
		return
	}
	off := header1
	for range maxAndX {
		if !m.command(off) {
			p.event(evMalformedData, dir)
			return
		}
		if reply {
			p.response1(&m)
		} else {
			p.request1(&m)
		}
		if !andX(m.cmd) || len(m.words) < 4 || m.words[0] == cmd1None {
			return
		}
		next := int(binary.LittleEndian.Uint16(m.words[2:]))
		if next <= off || next >= len(b) {
			return
		}
		m.cmd, off = m.words[0], next
	}
}

// andX reports whether a command may chain another.
func andX(cmd uint8) bool {
	switch cmd {
	case cmd1Locking, cmd1OpenAndX, cmd1ReadAndX, cmd1WriteAndX, cmd1SessionSetup, cmd1Logoff, cmd1TreeConnect, cmd1NTCreate:
		return true
	}
	return false
}

// fid makes the name of an open file of version 1.
func (m *smb1) fid(n uint16) (id guid) {
	binary.LittleEndian.PutUint16(id[:], n)
	binary.LittleEndian.PutUint16(id[2:], m.user)
	return id
}

// new1 opens the transaction of a request.
func (p *parser) new1(m *smb1, k kind) *Tx {
	t := p.open(1, uint16(m.cmd))
	t.kind, t.message, t.session, t.tree = k, m.message, uint64(m.user), uint32(m.tree)
	t.Advance(field.ToServer, msrpc.Done)
	return t
}

// request1 handles a command.
func (p *parser) request1(m *smb1) {
	c := cursor.New(m.words)
	switch m.cmd {
	case cmd1Negotiate:
		t := p.new1(m, kindNegotiate)
		t.session, t.tree = 0, 0
		if !t.setDialects(m.data) {
			t.AddEvent(evNegotiateMalformedDialects, field.ToServer)
		}
	case cmd1SessionSetup:
		p.sessionSetup1(m)
	case cmd1TreeConnect:
		t := p.new1(m, kindTree)
		c.Skip(6)
		d := m.text()
		d.Skip(int(c.LE16()))
		t.name = append(t.name[:0], d.next(m.unicode())...)
		t.name = appendText(t.name[:0], t.name, m.unicode())
		t.name = append(t.name[:0], bytes.TrimPrefix(t.name, []byte{'\\'})...) // records show one of two
		t.service[0] = append(t.service[0][:0], d.next(false)...)
	case cmd1NTCreate:
		t := p.new1(m, kindCreate)
		c.Skip(5)
		n := int(c.LE16())
		c.Skip(4 + 4 + 4 + 8 + 4 + 4)
		t.disposition = c.LE32()
		options := c.LE32()
		d := m.text()
		if m.unicode() {
			d.align()
		}
		name, _ := terminated(d.Bytes(min(n, d.Len())), m.unicode())
		t.setCreate(options, name, m.unicode())
	case cmd1Close:
		id := m.fid(c.LE16())
		p.new1(m, kindPlain)
		p.closeFiles(id)
		p.closeHandle(id)
	case cmd1ReadAndX:
		c.Skip(4)
		id := m.fid(c.LE16())
		offset := uint64(c.LE32())
		n := uint64(c.LE16())
		c.Skip(2)
		high := c.LE32()
		c.Skip(2)
		if high != 1<<32-1 {
			n |= uint64(high&0xffff) << 16
		}
		if c.Len() >= 4 {
			offset |= uint64(c.LE32()) << 32
		}
		if n > p.opt.read.size {
			p.event(evReadRequestTooLarge, field.ToServer)
			return
		}
		p.addRead(read{version: 1, message: m.message, id: id, offset: offset, tree: uint32(m.tree), session: uint64(m.user)})
	case cmd1WriteAndX:
		p.write1(m, &c)
	case cmd1Trans:
		p.trans1(m, &c)
	case cmd1Trans2:
		p.trans2(m, &c)
	default:
		p.new1(m, kindPlain)
	}
}

// setDialects reads the dialects that a client offers.
func (t *Tx) setDialects(b []byte) bool {
	for len(b) > 0 {
		if b[0] != 2 {
			return false
		}
		text, n := terminated(b[1:], false)
		if len(text) > 255 || len(t.dialects) > 4096 {
			return false
		}
		t.dialects = append(append(t.dialects, byte(len(text))), text...)
		b = b[1+n:]
	}
	return true
}

// dialectAt returns a dialect of version 1 by its index.
func dialectAt(list []byte, i int) []byte {
	for len(list) > 0 {
		n := int(list[0])
		if i == 0 {
			return list[1 : 1+n]
		}
		list = list[1+n:]
		i--
	}
	return nil
}

// texts reads the strings behind the parameters.
type texts struct {
	cursor.Cursor
	at int // offset in the message
}

func (m *smb1) text() texts { return texts{cursor.New(m.data), m.dataAt} }

// align moves on to an even offset in the message.
func (t *texts) align() {
	if (t.at+t.Pos())%2 != 0 && t.Len() > 0 {
		t.Skip(1)
	}
}

// next returns the next string, as it stands on the wire.
func (t *texts) next(unicode bool) []byte {
	if unicode {
		t.align()
	}
	text, n := terminated(t.Peek(), unicode)
	t.Skip(n)
	return text
}

// sessionSetup1 handles a request to set up a session ([MS-SMB] section 2.2.4.6.1,
// [MS-CIFS] section 2.2.4.53.1).
func (p *parser) sessionSetup1(m *smb1) {
	t := p.new1(m, kindSetup)
	c := cursor.New(m.words)
	d := m.text()
	switch {
	case len(m.words) == 24: // extended security
		c.Skip(4 + 2 + 2 + 2 + 4)
		n := int(c.LE16())
		if !t.auth.read(d.Bytes(min(n, d.Len()))) {
			t.AddEvent(evMalformedNTLMSSPRequest, field.ToServer)
		}
	case len(m.words) == 26:
		c.Skip(4 + 2 + 2 + 2 + 4)
		d.Skip(int(c.LE16()) + int(c.LE16()))
		d.next(m.unicode()) // account
		d.next(m.unicode()) // domain
	default:
		return
	}
	for i := range t.native[0] {
		t.native[0][i] = appendText(t.native[0][i][:0], d.next(m.unicode()), m.unicode())
	}
}

// write1 handles a write, to a pipe or a file.
func (p *parser) write1(m *smb1, c *cursor.Cursor) {
	c.Skip(4)
	id := m.fid(c.LE16())
	offset := uint64(c.LE32())
	c.Skip(8)
	n := int(c.LE16()) << 16
	n |= int(c.LE16())
	off := int(c.LE16())
	if c.Len() >= 4 {
		offset |= uint64(c.LE32()) << 32
	}
	if c.Short() || off > len(m.all) || off < header1 {
		p.event(evMalformedData, field.ToServer)
		return
	}
	data := m.all[off:]
	data = data[:min(len(data), n)]
	h := p.findHandle(id)
	if pipe := p.isPipe(0, uint32(m.tree)); pipe || h != nil && h.rpc {
		if h == nil {
			h = p.openHandle(id, nil)
		}
		if t := p.callRequest(1, uint16(m.cmd), m.message, h, data); t != nil {
			t.session, t.tree = uint64(m.user), uint32(m.tree)
		}
		return
	}
	if uint64(n) > p.opt.write.size {
		p.event(evWriteRequestTooLarge, field.ToServer)
		return
	}
	t, opened := p.fileTx(1, uint16(m.cmd), field.ToServer, id)
	if opened {
		p.setShare(t, 0, uint32(m.tree))
		t.tree = 0
	}
	p.data(t, field.ToServer, offset, data, n, m.left)
}

// trans1 handles a transaction: a call of DCE RPC, if it is one.
func (p *parser) trans1(m *smb1, c *cursor.Cursor) {
	c.Skip(22)
	n, off := int(c.LE16()), int(c.LE16())
	setup := c.U8()
	c.Skip(1)
	if setup < 2 || c.LE16() != setupTransactNP {
		return
	}
	id := m.fid(c.LE16())
	h := p.findHandle(id)
	if h == nil {
		h = p.openHandle(id, nil)
	}
	if t := p.callRequest(1, uint16(m.cmd), m.message, h, m.at(off, n)); t != nil {
		h.rpc = true
		t.session, t.tree = uint64(m.user), uint32(m.tree)
	}
}

// Subcommands and levels of TRANS2 ([MS-CIFS] section 2.2.6, 2.2.2.3.4).
const (
	trans2SetPath      = 6
	trans2SetFile      = 8
	levelDisposition   = 0x102
	levelDispositionNT = 1000 + infoDisposition
	levelRenameNT      = 1000 + infoRename
)

// trans2 handles a transaction that renames or deletes a file.
func (p *parser) trans2(m *smb1, c *cursor.Cursor) {
	c.Skip(18)
	params, paramsAt := int(c.LE16()), int(c.LE16())
	n, off := int(c.LE16()), int(c.LE16())
	setup := c.U8()
	c.Skip(1)
	sub := c.LE16()
	a := cursor.New(m.at(paramsAt, params))
	data := m.at(off, n)
	if c.Short() || setup < 1 || sub != trans2SetPath && sub != trans2SetFile || len(data) < 1 {
		return
	}
	var id guid
	if sub == trans2SetFile {
		id = m.fid(a.LE16())
	}
	level := a.LE16()
	switch level {
	case levelDisposition, levelDispositionNT:
		t := p.new1(m, kindInfo)
		t.delete, t.level, t.byPath = data[0]&1 != 0, level, sub == trans2SetPath
		p.named1(t, m, id, sub, &a)
	case levelRenameNT:
		if len(data) < 12 {
			return
		}
		t := p.new1(m, kindRename)
		k := min(int(binary.LittleEndian.Uint32(data[8:])), len(data)-12)
		t.target = appendText(t.target[:0], data[12:12+max(k, 0)], m.unicode())
		p.named1(t, m, id, sub, &a)
	}
}

// named1 names the file of a TRANS2, by its handle or by its path.
func (p *parser) named1(t *Tx, m *smb1, id guid, sub uint16, a *cursor.Cursor) {
	if sub == trans2SetPath {
		a.Skip(4)
		text, _ := terminated(a.Peek(), m.unicode())
		t.name = appendText(t.name[:0], text, m.unicode())
		return
	}
	t.id, t.hasID = id, true
	if h := p.findHandle(id); h != nil {
		t.name = append(t.name[:0], h.name...)
	}
}

// response1 handles the answer to a command.
func (p *parser) response1(m *smb1) {
	switch m.cmd {
	case cmd1ReadAndX:
		p.read1(m)
		return
	case cmd1WriteAndX:
		return
	}
	t := p.find(1, uint16(m.cmd), m.message)
	if t == nil {
		return
	}
	if m.cmd == cmd1Locking {
		t.answer() // records have never shown its outcome
		return
	}
	t.setStatus1(m)
	if m.cmd != cmd1Negotiate {
		t.session, t.tree = uint64(m.user), uint32(m.tree)
	}
	c := cursor.New(m.words)
	d := m.text()
	switch m.cmd {
	case cmd1Negotiate:
		i := c.LE16()
		if c.Short() {
			break
		}
		chosen := dialectAt(t.dialects, int(i))
		if chosen == nil {
			if i != 0xffff {
				t.AddEvent(evNegotiateMalformedDialects, field.ToClient)
			}
			break
		}
		p.smb1 = true
		p.offered = append(p.offered[:0], chosen...)
		if len(m.data) >= 16 {
			t.guids[1] = append(t.guids[1][:0], m.data[:16]...)
		}
	case cmd1SessionSetup:
		c.Skip(6)
		if len(m.words) >= 8 {
			d.Skip(int(c.LE16()))
		}
		if len(m.words) > 0 {
			for i := range t.native[1] {
				t.native[1][i] = appendText(t.native[1][i][:0], d.next(m.unicode()), m.unicode())
			}
		}
	case cmd1TreeConnect:
		if len(m.words) == 0 {
			break
		}
		t.service[1] = append(t.service[1][:0], d.next(false)...)
		t.pipe = string(t.service[1]) == "IPC"
		p.addTree(0, uint32(m.tree), t.name, t.pipe)
	case cmd1NTCreate:
		c.Skip(5)
		fid := c.LE16()
		c.Skip(4)
		times := t.times
		for i := range times {
			times[i] = c.LE64()
		}
		c.Skip(4)
		size := c.LE64() // allocated, of which the last block may not be full
		c.Skip(8)
		if c.Short() {
			break
		}
		t.times, t.size = times, size
		t.id, t.hasID = m.fid(fid), true
		p.openHandle(t.id, t.name)
	case cmd1Trans:
		c.Skip(12)
		n, off := int(c.LE16()), int(c.LE16())
		if h := p.findHandle(t.id); h != nil && !c.Short() {
			p.callResponse(1, uint16(m.cmd), h, t, m.at(off, n))
		}
		if m.status == statusBufferOverflow {
			t.answered = true // the rest is read from the pipe
			return
		}
	}
	t.answer()
}

// setStatus1 notes the status of a response.
func (t *Tx) setStatus1(m *smb1) {
	if m.flags2&flags1NTStatus != 0 {
		t.setNT(m.status)
		return
	}
	t.statusKind, t.class, t.status = statusDOS, uint8(m.status), m.status>>16
}

// read1 handles the response to a read, of a pipe or a file.
func (p *parser) read1(m *smb1) {
	r, ok := p.takeRead(1, m.message)
	if !ok || len(m.words) < 20 {
		return
	}
	c := cursor.New(m.words)
	c.Skip(10)
	n, off := int(c.LE16()), int(c.LE16())
	n |= int(c.LE16()) << 16
	if off > len(m.all) || off < header1 {
		p.event(evMalformedData, field.ToClient)
		return
	}
	data := m.all[off:]
	data = data[:min(len(data), n)]
	h := p.findHandle(r.id)
	if pipe := p.isPipe(0, r.tree); pipe || h != nil && h.rpc {
		if h == nil {
			h = p.openHandle(r.id, nil)
		}
		if t := p.callResponse(1, uint16(m.cmd), h, nil, data); t != nil {
			t.setStatus1(m)
		}
		return
	}
	if uint64(n) > p.opt.read.size {
		p.event(evReadResponseTooLarge, field.ToClient)
		return
	}
	t, opened := p.fileTx(1, uint16(m.cmd), field.ToClient, r.id)
	if opened {
		p.setShare(t, 0, r.tree)
		t.tree = 0
	}
	p.data(t, field.ToClient, r.offset, data, n, m.left)
}

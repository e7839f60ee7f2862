package smb

import (
	"encoding/binary"

	"weir/decode/cursor"
	"weir/decode/field"
	"weir/decode/proto/internal/msrpc"
)

// Lengths of headers ([MS-SMB2] section 2.2.1, 2.2.41), bytes.
const (
	header2 = 64
	header3 = 52
)

// Commands of version 2 ([MS-SMB2] section 2.2.1.2).
const (
	cmd2Negotiate = iota
	cmd2SessionSetup
	cmd2Logoff
	cmd2TreeConnect
	cmd2TreeDisconnect
	cmd2Create
	cmd2Close
	cmd2Flush
	cmd2Read
	cmd2Write
	cmd2Lock
	cmd2Ioctl
	cmd2Cancel
	cmd2Echo
	cmd2QueryDirectory
	cmd2ChangeNotify
	cmd2QueryInfo
	cmd2SetInfo
	cmd2OplockBreak
)

// Flags of a header of version 2.
const (
	flags2Response = 1 << 0
	flags2Async    = 1 << 1
)

// smb2 is a message of version 2.
type smb2 struct {
	cmd     uint16
	status  uint32
	flags   uint32
	next    int // where the next message of a chain begins, 0: none
	message uint64
	session uint64
	tree    uint32
	all     []byte // the message, for offsets
	body    []byte // behind the header
	left    int    // bytes of the message that are not in all
}

// parse2 reads the header of a message.
func parse2(b []byte, left int) (m smb2, ok bool) {
	c := cursor.New(b)
	c.Skip(4)
	size := c.LE16()
	c.Skip(2)
	m.status = c.LE32()
	m.cmd = c.LE16()
	c.Skip(2)
	m.flags = c.LE32()
	m.next = int(c.LE32())
	m.message = c.LE64()
	if m.flags&flags2Async != 0 {
		c.Skip(8)
	} else {
		c.Skip(4)
		m.tree = c.LE32()
	}
	m.session = c.LE64()
	c.Skip(16)
	m.all, m.left = b, left
	m.body = c.Peek()
	return m, !c.Short() && size == header2
}

// at returns n bytes of the message from off on, nil if they are not there.
func (m *smb2) at(off, n int) []byte {
	if off < header2 || off > len(m.all) || n > len(m.all)-off {
		return nil
	}
	return m.all[off : off+n]
}

// streams reports whether what is there of a message is enough to take the rest
// as it comes.
func (p *parser) streams(version int, b []byte, left int) bool {
	if version == 1 {
		return streams1(b)
	}
	m, ok := parse2(b, left)
	if !ok || m.next != 0 || p.isPipe(m.session, m.tree) {
		return false
	}
	if m.flags&flags2Response != 0 {
		return m.cmd == cmd2Read && len(m.body) >= 16 && len(b) >= int(m.body[2])
	}
	return m.cmd == cmd2Write && len(m.body) >= 48 && len(b) >= int(binary.LittleEndian.Uint16(m.body[2:]))
}

// isPipe reports whether a share is one of pipes.
func (p *parser) isPipe(session uint64, id uint32) bool {
	t := p.findTree(session, id)
	return t != nil && t.pipe
}

// chain handles the messages of version 2 in b, which stands at off in the input;
// left bytes of the last are still to come.
func (p *parser) chain(dir field.Dir, b []byte, left, off int) {
	id := related // of the message before
	for {
		m, ok := parse2(b, left)
		if !ok {
			p.event(evMalformedData, dir)
			return
		}
		size := len(b)
		if m.next >= header2 && m.next < size {
			size = m.next
			m.all, m.left = b[:size], 0
			m.body = b[header2:size]
		}
		p.frames(dir, frameSMB2, off, size+m.left, header2)
		response := m.flags&flags2Response != 0
		switch {
		case response && dir == field.ToServer:
			p.event(evResponseToServer, dir)
		case !response && dir == field.ToClient:
			if m.cmd != cmd2OplockBreak {
				p.event(evRequestToClient, dir)
			}
		case response:
			p.response2(&m)
		default:
			p.request2(&m, &id)
		}
		if size == len(b) {
			return
		}
		b, off = b[size:], off+size
		if len(b) < header2 {
			return
		}
	}
}

// related names the file of the message before in a chain.
var related = guid{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// readGUID reads a file ID; one of all ones means that of the message before.
func readGUID(c *cursor.Cursor, before *guid) (id guid) {
	copy(id[:], c.Bytes(len(id)))
	if id == related {
		return *before
	}
	*before = id
	return id
}

// request2 handles a request.
func (p *parser) request2(m *smb2, before *guid) {
	c := cursor.New(m.body)
	c.Skip(2) // size of the structure
	switch m.cmd {
	case cmd2Negotiate:
		t := p.new2(m, kindNegotiate)
		n := int(c.LE16())
		c.Skip(8)
		t.guids[0] = append(t.guids[0][:0], c.Bytes(16)...)
		c.Skip(8)
		list := c.Bytes(2 * n)
		if c.Short() {
			t.AddEvent(evNegotiateMalformedDialects, field.ToServer)
		}
		t.dialects = append(t.dialects[:0], list...)
	case cmd2SessionSetup:
		t := p.new2(m, kindSetup)
		c.Skip(10)
		off, n := int(c.LE16()), int(c.LE16())
		if !t.auth.read(m.at(off, n)) {
			t.AddEvent(evMalformedNTLMSSPRequest, field.ToServer)
		}
	case cmd2TreeConnect:
		t := p.new2(m, kindTree)
		c.Skip(2)
		off, n := int(c.LE16()), int(c.LE16())
		t.name = appendText(t.name[:0], m.at(off, n), true)
	case cmd2Create:
		t := p.new2(m, kindCreate)
		c.Skip(2 + 4 + 8 + 8 + 4 + 4 + 4)
		t.disposition = c.LE32()
		options := c.LE32()
		off, n := int(c.LE16()), int(c.LE16())
		t.setCreate(options, m.at(off, n), true)
		if c.Short() {
			t.AddEvent(evMalformedData, field.ToServer)
		}
		*before = related
		p.chained = append(p.chained[:0], t.name...)
	case cmd2Close:
		c.Skip(6)
		id := readGUID(&c, before)
		p.new2(m, kindPlain)
		p.closeFiles(id)
		p.closeHandle(id)
	case cmd2Read:
		c.Skip(2)
		n, offset := c.LE32(), c.LE64()
		id := readGUID(&c, before)
		if uint64(n) > p.opt.read.size {
			p.event(evReadRequestTooLarge, field.ToServer)
			return
		}
		p.addRead(read{version: 2, message: m.message, id: id, offset: offset, tree: m.tree, session: m.session})
	case cmd2Write:
		p.write2(m, &c, before)
	case cmd2Ioctl:
		p.ioctl2(m, &c, before)
	case cmd2SetInfo:
		kind, class := c.U8(), c.U8()
		n, off := int(c.LE32()), int(c.LE16())
		c.Skip(6)
		id := readGUID(&c, before)
		if b := m.at(off, n); kind == 1 && b != nil {
			p.setInfo(m, uint16(class), id, b)
		}
	case cmd2QueryInfo, cmd2Cancel:
	default:
		p.new2(m, kindPlain)
	}
}

// Classes of information that is set ([MS-FSCC] section 2.4).
const (
	infoRename      = 0x0a
	infoDisposition = 0x0d
)

// setInfo opens a transaction if a file is renamed or deleted.
func (p *parser) setInfo(m *smb2, class uint16, id guid, b []byte) {
	var t *Tx
	switch {
	case class == infoDisposition && len(b) >= 1:
		t = p.new2(m, kindInfo)
		t.delete = b[0]&1 != 0
	case class == infoRename && len(b) >= 20:
		t = p.new2(m, kindRename)
		n := min(int(binary.LittleEndian.Uint32(b[16:])), len(b)-20)
		t.target = appendText(t.target[:0], b[20:20+max(n, 0)], true)
	default:
		return
	}
	t.id, t.hasID = id, true
	switch h := p.findHandle(id); {
	case h != nil:
		t.name = append(t.name[:0], h.name...)
	case id == related: // the file that the chain opens
		t.name = append(t.name[:0], p.chained...)
	}
}

// setCreate notes what a request to open a file says.
func (t *Tx) setCreate(options uint32, name []byte, unicode bool) {
	const directory, deleteOnClose = 0x1, 0x1000
	t.dirOnly, t.delete = options&directory != 0, options&deleteOnClose != 0
	t.name = appendText(t.name[:0], name, unicode)
}

// write2 handles a write, to a pipe or a file.
func (p *parser) write2(m *smb2, c *cursor.Cursor, before *guid) {
	off, n := int(c.LE16()), int(c.LE32())
	offset := c.LE64()
	id := readGUID(c, before)
	c.Skip(16)
	if c.Short() || off > len(m.all) || off < header2 {
		p.event(evMalformedData, field.ToServer)
		return
	}
	data := m.all[off:]
	data = data[:min(len(data), n)]
	h := p.findHandle(id)
	pipe := p.isPipe(m.session, m.tree)
	if h == nil && m.left == 0 && msrpc.Begins(data) {
		h = p.openHandle(id, nil)
		h.rpc = true
	}
	if h != nil && (h.rpc || pipe && p.opt.format > msrpc.Format7) {
		if t := p.callRequest(2, m.cmd, m.message, h, data); t != nil {
			h.rpc = true
			t.session, t.tree = m.session, m.tree
			return
		}
	}
	if pipe {
		return
	}
	if uint64(n) > p.opt.write.size {
		p.event(evWriteRequestTooLarge, field.ToServer)
		return
	}
	t, opened := p.fileTx(2, m.cmd, field.ToServer, id)
	if opened {
		p.setShare(t, m.session, m.tree)
		if p.opt.format == msrpc.Format7 {
			t.share = t.share[:0]
		}
	}
	t.message = m.message
	p.data(t, field.ToServer, offset, data, n, m.left)
}

// data takes the beginning of a piece of n bytes of a file; left bytes of its message
// are still to come.
func (p *parser) data(t *Tx, dir field.Dir, offset uint64, b []byte, n, left int) {
	p.piece(t, dir, offset)
	p.append(t, dir, b)
	if rest := min(n-len(b), left); rest > 0 {
		s := &p.sides[dir.Index()]
		s.into, s.data = t, rest
	}
}

// setShare notes where a file is.
func (p *parser) setShare(t *Tx, session uint64, id uint32) {
	t.session, t.tree = session, id
	if x := p.findTree(session, id); x != nil {
		t.share = append(t.share[:0], x.name...)
	}
}

// fsctlPipeTransceive writes to a pipe and reads from it ([MS-FSCC] section 2.3).
const fsctlPipeTransceive = 0x0011c017

// ioctl2 handles a control request.
func (p *parser) ioctl2(m *smb2, c *cursor.Cursor, before *guid) {
	c.Skip(2)
	function := c.LE32()
	id := readGUID(c, before)
	off, n := int(c.LE32()), int(c.LE32())
	if function == fsctlPipeTransceive {
		if h := p.findHandle(id); h != nil && h.rpc {
			if t := p.callRequest(2, m.cmd, m.message, h, m.at(off, n)); t != nil {
				t.session, t.tree = m.session, m.tree
				return
			}
		}
	}
	t := p.new2(m, kindIoctl)
	t.function = function
}

// new2 opens the transaction of a request.
func (p *parser) new2(m *smb2, k kind) *Tx {
	t := p.open(2, m.cmd)
	t.kind, t.message, t.session, t.tree = k, m.message, m.session, m.tree
	t.Advance(field.ToServer, msrpc.Done)
	return t
}

// Statuses that are more than a name ([MS-ERREF] section 2.3.1).
const (
	statusSuccess        = 0
	statusPending        = 0x103
	statusBufferOverflow = 0x80000005
)

// response2 handles a response.
func (p *parser) response2(m *smb2) {
	switch m.cmd {
	case cmd2Read:
		p.read2(m)
		return
	case cmd2Write:
		for i := range p.txs.Len() {
			if t := p.txs.At(i); t.kind == kindFile && t.cmd == m.cmd && t.message == m.message {
				t.setNT(m.status)
				break
			}
		}
		return
	}
	t := p.find(2, m.cmd, m.message)
	if t == nil && m.cmd == cmd2Negotiate {
		t = p.find(1, cmd1Negotiate, 0) // it may answer a request of version 1
		for i := range p.txs.Len() {
			if x := p.txs.At(i); t == nil && x.version == 1 && x.cmd == cmd1Negotiate && !x.answered {
				t = x
			}
		}
	}
	if t == nil {
		return
	}
	t.setNT(m.status)
	if m.status == statusPending {
		return
	}
	t.session = m.session
	if m.flags&flags2Async == 0 {
		t.tree = m.tree
	}
	c := cursor.New(m.body)
	c.Skip(2)
	switch {
	case t.kind == kindRPC:
		p.ioctlResponse(m, t, &c)
		return
	case m.status != statusSuccess:
	case m.cmd == cmd2Negotiate:
		c.Skip(2)
		p.dialect = c.LE16()
		c.Skip(2)
		t.guids[1] = append(t.guids[1][:0], c.Bytes(16)...)
		c.Skip(4 + 4) // capabilities, the largest transaction
		t.maxRead, t.maxWrite = c.LE32(), c.LE32()
		if uint64(t.maxRead) > p.opt.read.size {
			t.AddEvent(evNegotiateMaxReadSize, field.ToClient)
		}
		if uint64(t.maxWrite) > p.opt.write.size {
			t.AddEvent(evNegotiateMaxWriteSize, field.ToClient)
		}
	case m.cmd == cmd2TreeConnect:
		t.shared = c.U8()
		t.pipe = t.shared == sharePipe
		p.addTree(m.session, m.tree, t.name, t.pipe)
	case m.cmd == cmd2Create:
		c.Skip(6)
		for i := range t.times {
			t.times[i] = c.LE64()
		}
		c.Skip(8)
		t.size = c.LE64()
		c.Skip(8)
		copy(t.id[:], c.Bytes(16))
		if !c.Short() {
			t.hasID = true
			p.openHandle(t.id, t.name)
		}
	}
	t.answer()
}

// answer completes a transaction with its response.
func (t *Tx) answer() {
	t.answered = true
	t.complete()
}

// setNT notes the status of a response.
func (t *Tx) setNT(status uint32) {
	t.statusKind, t.status = statusNT, status
	t.Touch(field.ToClient)
}

// ioctlResponse handles the answer to a call of DCE RPC.
func (p *parser) ioctlResponse(m *smb2, t *Tx, c *cursor.Cursor) {
	c.Skip(2 + 4 + 16 + 8)
	off, n := int(c.LE32()), int(c.LE32())
	h := p.findHandle(t.id)
	switch b := m.at(off, n); {
	case b == nil || h == nil || m.status != statusSuccess && m.status != statusBufferOverflow:
		t.answer()
	default:
		if x := p.callResponse(2, m.cmd, h, t, b); x != nil && x != t {
			x.setNT(m.status)
		}
		if m.status == statusBufferOverflow {
			t.answered = true // the rest is read from the pipe
		} else {
			t.answer()
		}
	}
}

// read2 handles the response to a read, of a pipe or a file.
func (p *parser) read2(m *smb2) {
	if m.status == statusPending {
		return
	}
	r, ok := p.takeRead(2, m.message)
	if !ok || m.status != statusSuccess && m.status != statusBufferOverflow {
		return
	}
	c := cursor.New(m.body)
	c.Skip(2)
	off := int(c.U8())
	c.Skip(1)
	n := int(c.LE32())
	c.Skip(8)
	if c.Short() || off > len(m.all) || off < header2 {
		p.event(evMalformedData, field.ToClient)
		return
	}
	data := m.all[off:]
	data = data[:min(len(data), n)]
	h := p.findHandle(r.id)
	if pipe := p.isPipe(r.session, r.tree); pipe || h != nil && h.rpc {
		if h == nil || !h.rpc {
			return
		}
		if t := p.callResponse(2, m.cmd, h, nil, data); t != nil {
			t.setNT(m.status)
			t.session, t.tree = r.session, r.tree
		}
		return
	}
	if uint64(n) > p.opt.read.size {
		p.event(evReadResponseTooLarge, field.ToClient)
		return
	}
	t, opened := p.fileTx(2, m.cmd, field.ToClient, r.id)
	if opened {
		p.setShare(t, r.session, r.tree)
	}
	t.setNT(m.status)
	p.data(t, field.ToClient, r.offset, data, n, m.left)
}

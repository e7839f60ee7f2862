// Package websocket parses WebSocket (RFC 6455), to which HTTP/1 hands a connection
// over that it has upgraded, with compression of messages (RFC 7692).
//
// Each frame is a transaction of its own direction. The last frame of a message that
// came in several has the payload of all of them; frames of control between them
// have theirs. A payload is kept up to max-payload-size (64 KiB if not configured),
// as is a message of several frames or one that was compressed; the rest is passed
// over.
package websocket

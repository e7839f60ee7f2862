// Package rfb parses how a session of the Remote Framebuffer protocol is set up (RFC
// 6143 section 7): versions, security, and the two initialisation messages. A
// transaction is that set-up; what follows is passed over. Of the security types
// None and VNC authentication are followed.
package rfb

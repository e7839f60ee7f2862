package main

import (
	"net"
	"os"
	"time"
)

// What a service manager is told (sd_notify(3)).
const (
	managerReady    = "READY=1"
	managerStopping = "STOPPING=1"
	managerAlive    = "WATCHDOG=1"
)

// tellManager tells the service manager how the run is doing; without one it does
// nothing. It is not told twice: silence is what the manager acts on.
func tellManager(state string) {
	name := os.Getenv("NOTIFY_SOCKET")
	if name == "" {
		return
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return
	}
	defer c.Close()
	_ = c.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = c.Write([]byte(state))
}

package host

import "strings"

// containerIDLen is the length of the ids of Docker, containerd, CRI-O and
// Podman: 32 bytes in lower-case hexadecimal digits.
const containerIDLen = 64

// ContainerID returns the id of the container whose control group path is
// given, or "" if the path names none. The innermost container counts. The id
// stands alone (cgroupfs driver: ".../docker/ID") or between a runtime's
// prefix and a unit suffix (systemd driver: ".../cri-containerd-ID.scope").
// The result aliases path.
func ContainerID(path string) string {
	for path != "" {
		i := strings.LastIndexByte(path, '/')
		name := strings.TrimSuffix(path[i+1:], ".scope")
		path = path[:max(i, 0)]
		if n := len(name) - containerIDLen; n >= 0 && isHex(name[n:]) &&
			(n == 0 || name[n-1] == '-' || name[n-1] == ':') {
			return name[n:]
		}
	}
	return ""
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// PodUID returns the uid of the Kubernetes pod whose control group path is given, or
// "". It stands as "pod" and the uid, whose hyphens the systemd driver writes as
// underlines.
func PodUID(path string) string {
	const uidLen = 36
	for name := range strings.SplitSeq(path, "/") {
		i := strings.LastIndex(name, "pod")
		if i < 0 || !strings.HasPrefix(name, "kubepods") && i != 0 {
			continue
		}
		if rest := name[i+3:]; len(rest) >= uidLen {
			uid := strings.ReplaceAll(rest[:uidLen], "_", "-")
			if isHex(strings.ReplaceAll(uid, "-", "")) {
				return uid
			}
		}
	}
	return ""
}

package magic

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// machines of PE files.
var peMachines = map[int]string{
	0x14c: "Intel 80386", 0x166: "MIPS R4000", 0x1c0: "ARM", 0x1c2: "ARM Thumb", 0x1c4: "ARMv7 Thumb", 0x1f0: "PowerPC",
	0x200: "Intel Itanium", 0xebc: "EFI byte code", 0x8664: "x86-64", 0xaa64: "Aarch64",
}

var peSubsystems = map[int]string{
	1: "native", 2: "GUI", 3: "console", 7: "POSIX", 9: "Windows CE", 10: "EFI application",
	11: "EFI boot service driver", 12: "EFI runtime driver", 13: "EFI ROM", 14: "XBOX", 16: "Windows boot application",
}

// executable describes what begins with MZ: a PE file by its headers, or a DOS
// program.
func executable(b []byte) (string, bool) {
	at := le32(b, 0x3c)
	if at >= 0x40 && has(b, at, "PE\x00\x00") && len(b) >= at+24+70 {
		return pe(b, at), true
	}
	switch {
	case at >= 0x40 && has(b, at, "NE"):
		return "MS-DOS executable, NE for MS Windows 3.x", true
	case at >= 0x40 && has(b, at, "LE"):
		return "MS-DOS executable, LE executable", true
	case len(b) >= 0x40:
		return "MS-DOS executable, MZ for MS-DOS", true
	}
	return "", false
}

func pe(b []byte, at int) string {
	const isDLL = 0x2000
	opt := at + 24
	s, dirs := "PE32", opt+96
	if le16(b, opt) == 0x20b {
		s, dirs = "PE32+", opt+112
	}
	s += " executable"
	if le16(b, at+22)&isDLL != 0 {
		s += " (DLL)"
	}
	if sub := peSubsystems[le16(b, opt+68)]; sub != "" {
		s += " (" + sub + ")"
	}
	machine := peMachines[le16(b, at+4)]
	if machine == "" {
		machine = fmt.Sprintf("Unknown processor type %#x", le16(b, at+4))
	}
	s += " " + machine
	const clrDir = 14
	if le32(b, dirs+8*clrDir) > 0 {
		s += " Mono/.Net assembly"
	}
	s += ", for MS Windows"
	if sections := opt + max(le16(b, at+20), 0); has(b, sections, "UPX") {
		s += ", UPX compressed"
	}
	if n := le16(b, at+6); n > 1 {
		s += fmt.Sprintf(", %d sections", n)
	}
	return s
}

var elfTypes = map[uint16]string{1: " relocatable", 2: " executable", 3: " shared object", 4: " core file"}

var elfMachines = map[uint16]string{
	2: " SPARC,", 3: " Intel 80386,", 8: " MIPS,", 20: " PowerPC or cisco 4500,", 21: " 64-bit PowerPC or cisco 7500,", 22: " IBM S/390,", 40: " ARM,",
	42: " Renesas SH,", 50: " IA-64,", 62: " x86-64,", 183: " ARM aarch64,", 243: " UCB RISC-V,", 258: " LoongArch,",
}

var elfABIs = map[byte]string{0: " (SYSV)", 3: " (GNU/Linux)", 6: " (Solaris)", 9: " (FreeBSD)", 12: " (OpenBSD)"}

func elf(b []byte) (string, bool) {
	if len(b) < 20 {
		return "", true
	}
	s := map[byte]string{1: " 32-bit", 2: " 64-bit"}[b[4]]
	var order binary.ByteOrder = binary.LittleEndian
	if b[5] == 2 {
		order = binary.BigEndian
		s += " MSB"
	} else {
		s += " LSB"
	}
	s += elfTypes[order.Uint16(b[16:])] + "," + elfMachines[order.Uint16(b[18:])]
	if len(b) >= 24 && order.Uint32(b[20:]) == 1 {
		s += " version 1" + elfABIs[b[7]]
	}
	return s, true
}

var machOTypes = map[int]string{1: " object", 2: " executable", 6: " dynamically linked shared library", 8: " bundle"}

func machO(b []byte) (string, bool) {
	s := map[int]string{7: "i386", 0x01000007: "x86_64", 12: "arm", 0x0100000c: "arm64"}[le32(b, 4)]
	return s + machOTypes[le32(b, 12)], len(b) >= 16
}

// java tells compiled classes from universal Mach-O files, which begin alike:
// few classes are older than version 45, few binaries have as many parts.
func java(b []byte) (string, bool) {
	if len(b) < 8 {
		return "", false
	}
	major := be16(b, 6)
	if major < 43 {
		return fmt.Sprintf("Mach-O universal binary with %d architectures", major), true
	}
	s := fmt.Sprintf("compiled Java class data, version %d.%d", major, be16(b, 4))
	if major >= 49 {
		release := fmt.Sprint(major - 44)
		if major <= 52 {
			release = "1." + release
		}
		s += " (Java " + release + ")"
	}
	return s, true
}

// scripts are interpreters by what their path ends with.
var scripts = []struct{ name, text string }{
	{"bash", "Bourne-Again shell script, %s executable"}, {"dash", "Dash shell script, %s executable"}, {"ksh", "Korn shell script, %s executable"},
	{"zsh", "Paul Falstad's zsh script, %s executable"}, {"csh", "C shell script, %s executable"}, {"sh", "POSIX shell script, %s executable"},
	{"python", "Python script, %s executable"}, {"perl", "Perl script text executable"}, {"php", "PHP script, %s executable"},
	{"ruby", "Ruby script, %s executable"}, {"node", "Node.js script executable, %s"},
}

// script describes text that names its interpreter in the first line; chars
// are the words for its characters.
func script(b []byte, chars string) string {
	line, _, _ := bytes.Cut(b[2:min(len(b), 130)], []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) == 0 {
		return ""
	}
	name := fields[0]
	if bytes.HasSuffix(name, []byte("/env")) && len(fields) > 1 {
		name = fields[1]
	}
	name = bytes.TrimRight(name[bytes.LastIndexByte(name, '/')+1:], "0123456789.")
	for _, s := range scripts {
		if string(name) == s.name {
			return strings.ReplaceAll(s.text, "%s", chars)
		}
	}
	return fmt.Sprintf("a %s script, %s executable", word(fields[0], 64), chars)
}

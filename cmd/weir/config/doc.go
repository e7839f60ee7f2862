// Package config holds the settings of every component and reads them.
//
// Load puts five layers over one another: built-in defaults, the file of -c,
// the files of --include, the environment (WEIR_STREAM_MEMCAP is stream.memcap)
// and --set. Keys and meanings are those of suricata.yaml where it has the
// concept; a Suricata user's own file loads. Without any file the settings of
// default.yaml hold.
//
// A setting is a field of a section: its key, default, limits and one line of
// documentation are the field's tags, from which Reference prints the manual.
// Sections whose keys belong to a component (a protocol, an event type) are
// handed on as Section, an event.Options.
//
// What nobody has read when the program is wired is listed by Ignored.
package config

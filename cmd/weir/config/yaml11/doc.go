// Package yaml11 reads configuration files: YAML 1.1 as the configuration
// language of Suricata understands it, into a tree that remembers where each
// value stands.
//
// What differs from plain YAML:
//
//   - A scalar stays text. "yes", "0x10" and "100kb" mean something only to who
//     reads the key, through Bool, Uint and Size.
//   - Names keep their case; "_" in a name is read as "-", but for the names of
//     rule variables.
//   - A name with dots ("a.b: x") stands for the maps in between.
//   - A name given twice replaces what stood under it, whole, with a warning.
//   - "include: file", "include: [files]" and "key: !include file" read further
//     files in place; a file name may be a pattern.
//   - Items of a list are addressed by position: outputs.1.eve-log.enabled.
package yaml11

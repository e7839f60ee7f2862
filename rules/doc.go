// Package rules is the rule language alone: Suricata's rules parsed to a tree
// with positions, variables, address and port groups, and the companion files
// (classification.config, reference.config, threshold.config).
//
// No keyword is known by name but sid, gid, rev and requires: what an option
// means is for package detect. Nothing else of weir is imported here.
package rules

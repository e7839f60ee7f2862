// Package regex matches the regular expressions of rules against packet bytes.
//
// The syntax and the results are those of PCRE2 10.42 in its 8-bit mode without
// UTF: a byte is a character, case is that of ASCII, and matching takes the
// alternatives in the order in which they are written. Supported besides
// the usual: look-around, atomic groups, possessive repeats, numbered, named and
// relative back references, duplicate group numbers, conditionals, recursion and
// subroutine calls, \K, \G and \R. Callouts, \p, \X, Lua-like code, backtracking
// verbs other than (*FAIL) and newline conventions other than LF are refused.
//
// # Programs
//
// Compile parses a pattern to a tree (parse.go, group.go, escape.go, class.go),
// finds out what every match must begin with and contain (analyse.go, need.go)
// and emits code for a backtracking machine (compile.go). A Program is
// immutable and shared by all workers; each has a Machine, which holds
// the stacks and the groups of the last match.
//
// Three things keep matching fast: the longest literal that each match
// must contain is looked for first; a choice is only remembered if the next
// byte of the buffer leaves more than one way open; repeats of one byte class
// are one instruction and go back only to where what follows can begin.
//
// # Bounds
//
// Patterns come from rule authors, buffers from attackers. Limits bound the size
// of a program when it is compiled, and the steps and the stack of each Match.
// After memoAfter steps a Machine also notes the pairs of instruction and
// position that were tried, which makes the usual exponential patterns
// polynomial; programs with back references, look-around, atomic groups, calls
// or conditionals are excepted, as there a pair does not tell the result.
package regex

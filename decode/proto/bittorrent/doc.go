// Package bittorrent parses the messages of BitTorrent's distributed hash table
// (BEP 5, BEP 32) over UDP.
//
// Each datagram is a transaction of its own direction. The message is kept as it came
// and read where a record asks; values nest at most maxDepth deep.
package bittorrent

// Package file follows files through transactions: their name, their bytes in
// order, hashes, type, and whether they are kept.
package file

// File is one file in transit.
type File struct {
	ID   uint32
	Name []byte
	TxID uint64
}

// Store is the set-up of file tracking that all parsers of a worker share:
// which hashes are computed, how much is kept, where files are stored.
type Store struct{}

package file

// List is the files of one direction of a transaction, oldest first. Contract
// with decode/proto (Tx.Files) and the engine (file keywords, fileinfo records).
type List struct {
	Files []*File
}

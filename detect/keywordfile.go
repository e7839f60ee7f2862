package detect

// fileKeywords are conditions on files that transactions carry.
var fileKeywords = []Keyword{
	{Name: "filename", Doc: "Text in the name of a file.", Syntax: `[!]"text"`, Example: `filename:"invoice";`, setup: filename},
	{Name: "fileext", Doc: "Extension of a file's name.", Syntax: `[!]"ext"`, Example: `fileext:"exe";`, setup: fileExt},
	{Name: "filemagic", Doc: "Text in the type of a file, as libmagic words it.", Syntax: `[!]"text"`, Example: `filemagic:"executable";`, setup: fileMagic},
	{Name: "filesize", Doc: "Size of a file, bytes.", Syntax: "[to_client|to_server,]integer", Example: "filesize:>1000000;", setup: fileSize},
	{Name: "filestore", Doc: "Files are stored.", Syntax: "[request|to_server|response|to_client|both, tx|file|ssn|flow]", Example: "filestore;", setup: fileStore},
	{Name: "tls.store", Aliases: []string{"tls_store"}, Doc: "The certificates that the side has shown are stored.", Example: `tls.cert_subject; content:"O=Example"; tls.store;`, setup: certStore},
	{Name: "filemd5", Doc: "MD5 of a file stands in a list.", Syntax: "[!]file", setup: fileHashes["filemd5"]},
	{Name: "filesha1", Doc: "SHA-1 of a file stands in a list.", Syntax: "[!]file", setup: fileHashes["filesha1"]},
	{Name: "filesha256", Doc: "SHA-256 of a file stands in a list.", Syntax: "[!]file", setup: fileHashes["filesha256"]},
}

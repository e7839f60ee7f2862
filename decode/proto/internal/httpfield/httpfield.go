// Package httpfield holds the headings of the rule keywords that HTTP/1 and
// HTTP/2 share: names, documentation and checks. Each version adds its getters
// and the states in which a value is complete.
package httpfield

import "weir/decode/field"

// Headings of single-valued sticky buffers.
var (
	Method = field.Field{
		Name: "http.method", Modifiers: []string{"http_method"}, Dir: field.ToServer, Log: "http.http_method",
		Doc: "Method of the request.", Example: `http.method; content:"POST";`, Check: checkMethod,
	}
	URI = field.Field{
		Name: "http.uri", Modifiers: []string{"http_uri"}, Dir: field.ToServer, Log: "http.url",
		Doc: "URI of the request, normalised as the server's personality says.", Example: `http.uri; content:"/index.html";`,
	}
	RawURI = field.Field{
		Name: "http.uri.raw", Modifiers: []string{"http_raw_uri"}, Dir: field.ToServer, Log: "http.url",
		Doc: "URI of the request as written.", Example: `http.uri.raw; content:"%2e%2e";`,
	}
	Host = field.Field{
		Name: "http.host", Modifiers: []string{"http_host"}, Dir: field.ToServer, Log: "http.hostname",
		Doc: "Host that the request is for, in lower case and without port.", Example: `http.host; content:"example.com";`, Check: checkHost,
	}
	RawHost = field.Field{
		Name: "http.host.raw", Modifiers: []string{"http_raw_host"}, Dir: field.ToServer, Log: "http.hostname",
		Doc: "Host that the request is for, as written.", Example: `http.host.raw; content:"Example.com:8080";`,
	}
	Protocol = field.Field{
		Name: "http.protocol", Aliases: []string{"http_protocol"}, Dir: field.Both, Log: "http.protocol",
		Doc: "Version in the first line.", Example: `http.protocol; content:"HTTP/1.0";`,
	}
	RequestLine = field.Field{
		Name: "http.request_line", Aliases: []string{"http_request_line"}, Dir: field.ToServer,
		Doc: "First line of the request.", Example: `http.request_line; content:"GET / HTTP/1.0"; bsize:14;`,
	}
	ResponseLine = field.Field{
		Name: "http.response_line", Aliases: []string{"http_response_line"}, Dir: field.ToClient,
		Doc: "First line of the response.", Example: `http.response_line; content:"404 Not Found";`,
	}
	StatusCode = field.Field{
		Name: "http.stat_code", Modifiers: []string{"http_stat_code"}, Dir: field.ToClient, Log: "http.status",
		Doc: "Status of the response.", Example: `http.stat_code; content:"200";`,
	}
	StatusMessage = field.Field{
		Name: "http.stat_msg", Modifiers: []string{"http_stat_msg"}, Dir: field.ToClient,
		Doc: "Text behind the status.", Example: `http.stat_msg; content:"Not Found";`,
	}
	UserAgent = field.Field{
		Name: "http.user_agent", Modifiers: []string{"http_user_agent"}, Dir: field.ToServer, Log: "http.http_user_agent",
		Doc: "Value of the User-Agent header.", Example: `http.user_agent; content:"curl/"; startswith;`,
	}
	Cookie = field.Field{
		Name: "http.cookie", Modifiers: []string{"http_cookie"}, Dir: field.Both,
		Doc: "Value of the Cookie header, or of Set-Cookie.", Example: `http.cookie; content:"id=";`,
	}
	Referer     = request("http.referer", "http_referer", "Referer", `content:"example.com"`, "http.http_refer")
	Accept      = request("http.accept", "http_accept", "Accept", `content:"text/html"`, "")
	AcceptLang  = request("http.accept_lang", "http_accept_lang", "Accept-Language", `content:"en-us"`, "")
	AcceptEnc   = request("http.accept_enc", "http_accept_enc", "Accept-Encoding", `content:"gzip"`, "")
	Location    = response("http.location", "http_location", "Location", `content:"http://"`, "http.redirect")
	Server      = response("http.server", "http_server", "Server", `content:"nginx"`, "")
	Connection  = either("http.connection", "http_connection", "Connection", `content:"close"`, "")
	ContentLen  = either("http.content_len", "http_content_len", "Content-Length", `content:"100"`, "")
	ContentType = either("http.content_type", "http_content_type", "Content-Type", `content:"text/html"`, "http.http_content_type")
	Header      = field.Field{
		Name: "http.header", Modifiers: []string{"http_header"}, Dir: field.Both,
		Doc:     "Headers without cookies, one a line; values of the same name are joined by a comma.",
		Example: `http.header; content:"X-Powered-By|3a 20|PHP";`,
	}
	RawHeader = field.Field{
		Name: "http.header.raw", Modifiers: []string{"http_raw_header"}, Dir: field.Both,
		Doc: "Headers as sent, with the empty line behind them, and trailers.", Example: `http.header.raw; content:"|0d 0a 0d 0a|";`,
	}
	HeaderNames = field.Field{
		Name: "http.header_names", Aliases: []string{"http_header_names"}, Dir: field.Both,
		Doc: "Names of the headers, each between line ends.", Example: `http.header_names; content:!"|0d 0a|User-Agent|0d 0a|";`,
	}
	Start = field.Field{
		Name: "http.start", Aliases: []string{"http_start"}, Dir: field.Both,
		Doc: "First line and headers.", Example: `http.start; content:"HTTP/1.1|0d 0a|User-Agent";`,
	}
	RequestHeader = field.Field{
		Name: "http.request_header", Dir: field.ToServer, Log: "http.request_headers",
		Doc: "Each header of the request: name, colon, space, value.", Example: `http.request_header; content:"host|3a 20|example.com"; nocase;`,
	}
	ResponseHeader = field.Field{
		Name: "http.response_header", Dir: field.ToClient, Log: "http.response_headers",
		Doc: "Each header of the response: name, colon, space, value.", Example: `http.response_header; content:"server|3a 20|nginx"; nocase;`,
	}
	RequestBody = field.Field{
		Name: "http.request_body", Modifiers: []string{"http_client_body"}, Dir: field.ToServer,
		Doc: "Body of the request with its codings undone.", Example: `http.request_body; content:"user=";`,
	}
	ResponseBody = field.Field{
		Name: "http.response_body", Modifiers: []string{"http_server_body"}, Dir: field.ToClient,
		Doc: "Body of the response with its codings undone.", Example: `http.response_body; content:"<script>";`,
	}
	FileData = field.Field{
		Name: "file.data", Aliases: []string{"file_data"}, Dir: field.Both,
		Doc: "Bytes of files; in responses those of the body.", Example: `file.data; content:"MZ"; startswith;`,
	}
	URILen = field.Field{
		Name: "urilen", Dir: field.ToServer, Syntax: "[<|>]n[<>m][,norm|raw]",
		Doc: "Length of the URI: as written, unless norm stands behind the number.", Example: "urilen:5<>20,norm;",
	}
)

func request(name, alias, header, content, log string) field.Field {
	return headerField(name, alias, header, content, log, field.ToServer)
}

func response(name, alias, header, content, log string) field.Field {
	return headerField(name, alias, header, content, log, field.ToClient)
}

func either(name, alias, header, content, log string) field.Field {
	return headerField(name, alias, header, content, log, field.Both)
}

func headerField(name, alias, header, content, log string, dir field.Dir) field.Field {
	return field.Field{
		Name: name, Aliases: []string{alias}, Dir: dir, Log: log,
		Doc: "Value of the " + header + " header.", Example: name + "; " + content + ";",
	}
}

// At returns a heading with the states in which the value is complete.
func At(f field.Field, request, response uint8) field.Field {
	f.State = [2]uint8{request, response}
	return f
}

// checkHost refuses patterns with upper-case letters, unless case is ignored.
func checkHost(pattern []byte, nocase bool) string {
	for _, c := range pattern {
		if c >= 'A' && c <= 'Z' && !nocase {
			return "http.host is in lower case; the pattern has upper-case letters"
		}
	}
	return ""
}

// checkMethod refuses patterns with white space at their ends.
func checkMethod(pattern []byte, _ bool) string {
	if len(pattern) == 0 {
		return ""
	}
	for _, c := range [...]byte{pattern[0], pattern[len(pattern)-1]} {
		switch c {
		case ' ', '\t', '\r', '\n':
			return "http.method holds the method alone; the pattern has white space at its end"
		}
	}
	return ""
}

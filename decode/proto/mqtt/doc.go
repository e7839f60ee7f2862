// Package mqtt parses MQTT, versions 3.1, 3.1.1 and 5.0 (OASIS standards "MQTT
// Version 3.1.1" and "MQTT Version 5.0").
//
// A transaction is a request with its answers: CONNECT and CONNACK, what is
// published with its acknowledgements, SUBSCRIBE and SUBACK, UNSUBSCRIBE and
// UNSUBACK; any other message is one of its own. Messages beyond max-msg-length (1
// MiB) are counted and passed over. At most max-tx transactions (1024) wait for
// their answers. The payload of messages is not looked into.
package mqtt

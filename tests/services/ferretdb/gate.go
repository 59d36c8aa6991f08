package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"sync"
)

const (
	// The largest message MongoDB's wire protocol allows, in bytes.
	largest = 48_000_000
	// In the flags of OP_MSG: the sender expects no reply.
	moreToCome = 2
)

// Held while an update is under way.
var updating sync.Mutex

// Commands whose work on one document MongoDB does as a whole: a command is named by the first element of its document,
// which begins after the header (16 bytes), the flags (4), the section's kind (1) and the document's length (4).
var gated = [][]byte{[]byte("\x02update\x00"), []byte("\x02findAndModify\x00"), []byte("\x02delete\x00")}

// open listens at address and passes everything on to the socket inside.
func open(address, inside string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(client, inside)
		}
	}()
	return nil
}

func serve(client net.Conn, inside string) {
	defer client.Close()
	server, err := net.Dial("unix", inside)
	if err != nil {
		return
	}
	defer server.Close()
	for {
		request, err := read(client)
		if err != nil {
			return
		}
		if err := pass(request, client, server); err != nil {
			return
		}
	}
}

// pass brings one request to the server and its reply back, alone where the request updates.
func pass(request []byte, client, server net.Conn) error {
	alone := updates(request)
	if alone {
		updating.Lock()
	}
	_, err := server.Write(request)
	var reply []byte
	if err == nil && binary.LittleEndian.Uint32(request[16:])&moreToCome == 0 {
		reply, err = read(server)
	}
	if alone {
		updating.Unlock()
	}
	if err == nil {
		_, err = client.Write(reply)
	}
	return err
}

func updates(request []byte) bool {
	for _, name := range gated {
		if len(request) > 25 && bytes.HasPrefix(request[25:], name) {
			return true
		}
	}
	return false
}

// read gives one message: its length comes first.
func read(from net.Conn) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint32(head[:])
	if length < 20 || length > largest {
		return nil, io.ErrUnexpectedEOF
	}
	message := make([]byte, length)
	copy(message, head[:])
	_, err := io.ReadFull(from, message[4:])
	return message, err
}

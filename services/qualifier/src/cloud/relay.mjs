/**
 * `node relay.mjs PORT`: joins standard input and output, a connection of a guest, with a port of 127.0.0.1. QEMU starts
 * one for every connection. Plain JavaScript, so that it starts quickly.
 */
import { connect } from 'node:net';

const socket = connect(Number(process.argv[2]), '127.0.0.1');
process.stdin.pipe(socket);
socket.pipe(process.stdout);
const end = () => process.exit(0);
for (const stream of [process.stdin, process.stdout, socket]) stream.on('error', end).on('close', end);

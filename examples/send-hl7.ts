import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { parseArgs } from 'node:util';

/**
 * Sends one HL7 v2 message over MLLP and prints what is answered, a segment a line: node examples/send-hl7.ts FILE [--host H] [--port P] [--cert FILE
 * --key FILE --ca FILE]. With a certificate it speaks TLS. Segments of the file are lines; they travel with CR. Ends with 1 where the answer is no AA.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '2575' },
    cert: { type: 'string' },
    key: { type: 'string' },
    ca: { type: 'string' },
  },
});
const [file] = positionals;
if (file === undefined) throw new Error('which file?');
const { host, cert, key, ca } = values;
const port = Number(values.port);
const pem = (path: string | undefined): Buffer | undefined => (path === undefined ? undefined : readFileSync(path));
const socket = cert === undefined ? connect({ host, port }) : connectTls({ host, port, cert: pem(cert), key: pem(key), ca: pem(ca) });

const message = readFileSync(file, 'utf8').trimEnd().replaceAll('\n', '\r');
socket.write(`\u000b${message}\r\u001c\r`);
let heard = '';
socket.setEncoding('utf8').on('data', (text) => {
  heard += text;
  const [answer, end] = heard.slice(1).split('\u001c');
  if (answer === undefined || end === undefined) return;
  process.stdout.write(answer.replaceAll('\r', '\n'));
  if (!answer.includes('\rMSA|AA|')) process.exitCode = 1;
  socket.end();
});
socket.on('error', (fault) => {
  process.stderr.write(`${fault.message}\n`);
  process.exitCode = 1;
});
socket.on('close', () => {
  if (heard === '') process.exitCode = 1;
});

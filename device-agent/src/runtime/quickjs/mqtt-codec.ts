import { generate, parser, writeToStream, type Packet } from 'mqtt-packet';
import { MAX_PACKET_BYTES } from '../port.ts';

// A buffer for each of 65,536 numbers costs 20 MB.
writeToStream.cacheNumbers = false;

export type { Packet } from 'mqtt-packet';

const MQTT_5 = { protocolVersion: 5 };

export const encodePacket = (packet: Packet): Uint8Array => generate(packet, MQTT_5);

/** @returns what takes the bytes of a connection; after a failure there is nothing more to take */
export const packetReader = (
  onPacket: (packet: Packet) => void,
  onError: (error: Error) => void,
): ((bytes: Uint8Array) => void) => {
  const reader = parser(MQTT_5);
  let hasFailed = false;
  const fail = (error: Error): void => {
    hasFailed = true;
    onError(error);
  };
  reader.on('packet', onPacket);
  reader.on('error', fail);
  return (bytes) => {
    if (hasFailed) return;
    // eslint-disable-next-line typescript/no-unsafe-type-assertion -- what it makes of them are Buffers; see stand-in/bl.cjs
    const begun = reader.parse(bytes as Buffer);
    // A broker was told so; one that has been taken over would fill the memory with one packet.
    if (begun > MAX_PACKET_BYTES) fail(new Error(`a packet of more than ${MAX_PACKET_BYTES} bytes`));
  };
};

/** As the kernel looks for them, from the end: mark, what the signature is, the signature. */
const MARK = Buffer.from('~Module signature appended~\n');
const INFO_BYTES = 12;

/** A kernel module without the signature behind it, if it has one. */
export const withoutSignature = (module: Uint8Array): Uint8Array => {
  const bytes = Buffer.from(module.buffer, module.byteOffset, module.byteLength);
  const infoAt = bytes.length - MARK.length - INFO_BYTES;
  if (infoAt < 0 || !bytes.subarray(-MARK.length).equals(MARK)) return module;
  const [signer, key] = [bytes.readUInt8(infoAt + 3), bytes.readUInt8(infoAt + 4)];
  const end = infoAt - signer - key - bytes.readUInt32BE(infoAt + 8);
  return end > 0 ? module.subarray(0, end) : module;
};

import type { WholeChainArch } from '@slipway/protocol';

/**
 * Machine code of an EFI program that prints the text behind it and resets the machine: OutputString of ConOut, then
 * ResetSystem (cold). Position-independent; the system table comes in the second argument.
 */
const CODE: Record<WholeChainArch, { readonly machine: number; readonly hex: string }> = {
  // push rbx; sub rsp,32; mov rbx,rdx; mov rcx,[rbx+64]; lea rdx,[rip+text]; call [rcx+8]; mov rax,[rbx+88];
  // xor ecx,ecx; xor edx,edx; xor r8d,r8d; xor r9d,r9d; call [rax+104]; jmp .; nop
  amd64: {
    machine: 0x8664,
    hex: '534883ec204889d3488b4b40488d151d000000ff5108488b435831c931d24531c04531c9ff5068ebfe0f1f8000000000',
  },
  // mov x19,x1; ldr x0,[x19,#64]; adr x1,text; ldr x2,[x0,#8]; blr x2; ldr x4,[x19,#88]; ldr x4,[x4,#104];
  // mov x0,xzr; mov x1,xzr; mov x2,xzr; mov x3,xzr; blr x4; b .; nop
  arm64: {
    machine: 0xaa64,
    hex: 'f30301aa602240f981010010020440f940003fd6642e40f9843440f9e0031faae1031faae2031faae3031faa80003fd6000000141f2003d5',
  },
};

const HEADERS = 0x200;
const TEXT_ADDRESS = 0x1000;

/** Stands in for the UKI of a slot: starts, says which it is, and ends in a reset as a panic does. */
export const efiProgram = (arch: WholeChainArch, text: string): Buffer => {
  const { machine, hex } = CODE[arch];
  const code = Buffer.concat([Buffer.from(hex, 'hex'), Buffer.from(`${text}\r\n\0`, 'utf16le')]);
  const section = Buffer.alloc(Math.ceil(code.length / 0x200) * 0x200);
  code.copy(section);
  const headers = Buffer.alloc(HEADERS);
  headers.write('MZ', 0, 'latin1');
  headers.writeUInt32LE(64, 60);
  headers.write('PE\0\0', 64, 'latin1');
  const coff = 68;
  headers.writeUInt16LE(machine, coff);
  headers.writeUInt16LE(1, coff + 2);
  headers.writeUInt16LE(240, coff + 16);
  headers.writeUInt16LE(0x22, coff + 18); // executable, large addresses
  const optional = coff + 20;
  headers.writeUInt16LE(0x20b, optional); // PE32+
  headers.writeUInt32LE(section.length, optional + 4);
  headers.writeUInt32LE(TEXT_ADDRESS, optional + 16); // entry point
  headers.writeUInt32LE(TEXT_ADDRESS, optional + 20);
  headers.writeUInt32LE(0x1000, optional + 32);
  headers.writeUInt32LE(0x200, optional + 36);
  headers.writeUInt32LE(TEXT_ADDRESS + 0x1000, optional + 56); // size of the image
  headers.writeUInt32LE(HEADERS, optional + 60);
  headers.writeUInt16LE(10, optional + 68); // an EFI application
  headers.writeUInt32LE(16, optional + 108);
  const table = optional + 240;
  headers.write('.text', table, 'latin1');
  headers.writeUInt32LE(code.length, table + 8);
  headers.writeUInt32LE(TEXT_ADDRESS, table + 12);
  headers.writeUInt32LE(section.length, table + 16);
  headers.writeUInt32LE(HEADERS, table + 20);
  headers.writeUInt32LE(0x60000020, table + 36); // code, executable, readable
  return Buffer.concat([headers, section]);
};

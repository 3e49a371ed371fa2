export type TarMember = {
  readonly name: string;
  readonly content?: Uint8Array | string;
  /** type flag; absent: a file */
  readonly type?: string;
  readonly link?: string;
  /** what the header claims, if it is not the truth */
  readonly size?: number;
};

const header = ({ name, type = '0', link = '', size }: TarMember, length: number): Buffer => {
  const block = Buffer.alloc(512);
  block.write(name, 0, 100);
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${(size ?? length).toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write('        ', 148);
  block.write(type, 156);
  block.write(link, 157, 100);
  block.write('ustar', 257);
  block.write('00', 263);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
};

/** A tar as tests want it, also one that no tar program would write. */
export const makeTar = (members: readonly TarMember[]): Buffer =>
  Buffer.concat([
    ...members.flatMap((member) => {
      const content = Buffer.from(member.content ?? '');
      return [header(member, content.length), content, Buffer.alloc((512 - (content.length % 512)) % 512)];
    }),
    Buffer.alloc(1024),
  ]);

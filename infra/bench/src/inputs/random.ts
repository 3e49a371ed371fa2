/** Numbers that look random and are the same on every run. */
export type Random = {
  /** 32 bits */
  readonly next: () => number;
  /** from 0 up to, not including, `limit` */
  readonly below: (limit: number) => number;
  /** many small and few large values between the two, as sizes of files are */
  readonly skewed: (smallest: number, largest: number) => number;
};

/** FNV-1a */
const seedOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash | 1;
};

/** Marsaglia's xorshift of 128 bits. */
export const randomOf = (seed: string): Random => {
  let a = seedOf(`${seed}/a`);
  let b = seedOf(`${seed}/b`);
  let c = seedOf(`${seed}/c`);
  let d = seedOf(`${seed}/d`);
  const next = (): number => {
    const t = a ^ (a << 11);
    a = b;
    b = c;
    c = d;
    d = d ^ (d >>> 19) ^ t ^ (t >>> 8);
    return d >>> 0;
  };
  for (let round = 0; round < 16; round += 1) next();
  const fraction = (): number => next() / 2 ** 32;
  return {
    next,
    below: (limit) => Math.floor(fraction() * limit),
    skewed: (smallest, largest) => Math.round(smallest * (largest / smallest) ** (fraction() * fraction())),
  };
};

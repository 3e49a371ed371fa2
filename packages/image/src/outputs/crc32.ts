/** CRC-32 of gzip: the reflected polynomial. */
const POLYNOMIAL = 0xedb8_8320;
const ONE = 0x8000_0000;

/** Product of two polynomials modulo the one of the CRC, all bit-reflected. */
const multiply = (a: number, b: number): number => {
  let product = 0;
  let left = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= left;
    left = (left & 1) === 0 ? left >>> 1 : (left >>> 1) ^ POLYNOMIAL;
  }
  return product >>> 0;
};

/** x to the power of 8 × `bytes`. */
const shift = (bytes: number): number => {
  let result = ONE;
  // x to the power of 8
  let square = ONE >>> 8;
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(square, result);
    square = multiply(square, square);
  }
  return result;
};

/**
 * The checksum of two runs of bytes behind one another, from the checksums of each.
 *
 * @param secondBytes length of the second run
 */
export const combineCrc32 = (first: number, second: number, secondBytes: number): number =>
  (multiply(shift(secondBytes), first) ^ second) >>> 0;

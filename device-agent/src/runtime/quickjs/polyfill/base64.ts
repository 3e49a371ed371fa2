const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export const btoa = (text: string): string => {
  let encoded = '';
  for (let at = 0; at < text.length; at += 3) {
    const codes = [text.charCodeAt(at), text.charCodeAt(at + 1) || 0, text.charCodeAt(at + 2) || 0] as const;
    if (Math.max(...codes) > 0xff) throw new RangeError('btoa: expected bytes, found a wider character');
    const bits = (codes[0] << 16) | (codes[1] << 8) | codes[2];
    const given = Math.min(3, text.length - at);
    for (let digit = 0; digit < 4; digit++) {
      encoded += digit <= given ? (ALPHABET[(bits >> (18 - 6 * digit)) & 63] ?? '') : '=';
    }
  }
  return encoded;
};

export const atob = (text: string): string => {
  const digits = text.replace(/[\t\n\f\r ]+/g, '').replace(/={1,2}$/, '');
  if (digits.length % 4 === 1 || !/^[A-Za-z0-9+/]*$/.test(digits)) {
    throw new RangeError('atob: expected base64');
  }
  let decoded = '';
  let bits = 0;
  for (let at = 0; at < digits.length; at++) {
    bits = ((bits << 6) | ALPHABET.indexOf(digits[at] ?? '')) & 0xffffff;
    if (at % 4 > 0) decoded += String.fromCharCode((bits >> (6 - 2 * (at % 4))) & 0xff);
  }
  return decoded;
};

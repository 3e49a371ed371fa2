const ABSOLUTE =
  /^(?<protocol>[a-z][a-z0-9+.-]*:)\/\/(?:[^@/?#\s]*@)?(?<hostname>\[[0-9a-f:.]+\]|[^:/?#@[\]\s\\]+)(?::(?<port>\d{1,5}))?(?<pathname>\/[^?#\s]*)?(?<search>\?[^#\s]*)?(?<hash>#\S*)?$/i;

/** URLs with a host, as addresses of servers are; nothing is escaped or normalised but the case of the host. */
export class URL {
  readonly href: string;
  readonly protocol: string;
  /** with brackets where it is an IPv6 address */
  readonly hostname: string;
  /** empty where none is named */
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
  readonly hash: string;

  constructor(url: string, base?: string) {
    const found = ABSOLUTE.exec(base === undefined ? url : resolve(url, base))?.groups;
    if (found === undefined) throw new TypeError(`expected a URL, found ${JSON.stringify(url)}`);
    this.protocol = (found['protocol'] ?? '').toLowerCase();
    this.hostname = (found['hostname'] ?? '').toLowerCase();
    this.port = found['port'] ?? '';
    this.pathname = found['pathname'] ?? '/';
    this.search = found['search'] ?? '';
    this.hash = found['hash'] ?? '';
    this.href = `${this.protocol}//${this.host}${this.pathname}${this.search}${this.hash}`;
  }

  get host(): string {
    return this.port === '' ? this.hostname : `${this.hostname}:${this.port}`;
  }

  get origin(): string {
    return `${this.protocol}//${this.host}`;
  }

  toString(): string {
    return this.href;
  }
}

/** A path is one of the host of `base`, or lies beside its last part. */
const resolve = (url: string, base: string): string => {
  if (ABSOLUTE.test(url)) return url;
  const { origin, pathname } = new URL(base);
  return url.startsWith('/')
    ? origin + url
    : `${origin}${pathname.slice(0, pathname.lastIndexOf('/') + 1)}${url}`;
};

type Route = { readonly interface: string; readonly metric: number };

const UP_FLAG = 1;

const fieldsOf = (line: string): readonly string[] => line.trim().split(/\s+/);

/** `/proc/net/route`: a heading, then Iface Destination Gateway Flags RefCnt Use Metric Mask … */
const routes4 = (text: string): readonly Route[] =>
  text
    .split('\n')
    .slice(1)
    .map(fieldsOf)
    .flatMap(([name = '', destination, , flags = '0', , , metric, mask]) =>
      destination === '00000000' && mask === '00000000' && (Number.parseInt(flags, 16) & UP_FLAG) !== 0
        ? [{ interface: name, metric: Number(metric) }]
        : [],
    );

/** `/proc/net/ipv6_route`: destination, its length, source, its length, next hop, metric, two counters, flags, device */
const routes6 = (text: string): readonly Route[] =>
  text
    .split('\n')
    .map(fieldsOf)
    .flatMap(([destination = '', length, , , , metric = '', , , flags = '0', name = 'lo']) =>
      /^0{32}$/.test(destination) &&
      length === '00' &&
      name !== 'lo' &&
      (Number.parseInt(flags, 16) & UP_FLAG) !== 0
        ? [{ interface: name, metric: Number.parseInt(metric, 16) }]
        : [],
    );

/** @returns the interface that packets to elsewhere leave by; undefined where there is no way */
export const defaultInterface = (route: string, ipv6Route: string): string | undefined => {
  const found = routes4(route);
  const [best] = [...(found.length > 0 ? found : routes6(ipv6Route))].sort((a, b) => a.metric - b.metric);
  return best?.interface;
};

// The operations that are measured: what each server is sent for them.

/** Resellers at the top of the two generated trees: customers with even and with odd numbers are below them. */
export const RESELLERS = ['f00000000000000000000001', 'f00000000000000000000003'];

const WIFI = 'enabled ssid password enabled5G ssid5G password5G enabled6G ssid6G password6G bandsteering';
const EVERYTHING = `id version state name notes jobs macAddress serialNumber mvnoAccount createdAt updatedAt
  model { id name type brand description picture capabilities { wifi wifi2G wifi5G wifi6G simSupport } }
  customer { id name }
  wifi { ${WIFI} }
  dhcp { enable ipPoolStart ipPoolEnd leaseTime primaryDnsServer reservedClients { id mac ip enable } }
  status {
    provisioned lastComm online lanIp subnetMask gateway wanIp publicIp upTime dns dns2 ipv6 ipv6Dns ipv6Dns2
    simStatus networkType signalStrength ssSignalStrength uplinkRate downlinkRate connectionTime
  }`;

const READ = `query Q($id: ID!) { networkDevice(id: $id) { ${EVERYTHING} } }`;
const UPDATE = `mutation M($id: ID!, $input: DeviceUpdateInput!) { updateNetworkDevice(id: $id, input: $input) { ${EVERYTHING} } }`;
const KEYED_UPDATE = `mutation M($id: ID!, $input: DeviceUpdateInput!, $key: String) { updateNetworkDevice(id: $id, input: $input, idempotencyKey: $key) { ${EVERYTHING} } }`;
const PAGE = `query Page($first: Int!, $after: String!) { networkDeviceConnection(first: $first, after: $after) { nodes { ${EVERYTHING} } } }`;
const BATCH = `query Batch($ids: [ID!]!) { networkDevices(ids: $ids) { ${EVERYTHING} } }`;
const BATCH_SLIM = `query BatchSlim($ids: [ID!]!) { networkDevices(ids: $ids) { name status { online } } }`;
const REPORT =
  'mutation Report($reports: [DeviceStatusReport!]!) { reportDeviceStatus(reports: $reports) { id } }';
const CHANGES = 'subscription Changes($ids: [ID!]) { networkDeviceChanged(ids: $ids) { id version name } }';
const RENAME = `mutation Rename($id: ID!, $name: String) { updateNetworkDevice(id: $id, input: { name: $name }) { version } }`;

const RENAME_BACK = `mutation R($id: ID!, $name: String) { updateNetworkDevice(id: $id, input: { name: $name }) { id name version } }`;

const PAGE_SIZE = 100;
const REPORTS = 500;

/** The id of a generated device. */
function deviceId(n) {
  return `f3${n.toString(16).padStart(22, '0')}`;
}

/** Which of RESELLERS reaches a generated device. */
function treeOf(n) {
  return n % 2 === 0 ? 1 : 0;
}

/** Settings that no device has yet. */
function newSettings(random) {
  const tag = Math.floor(random() * 2 ** 48)
    .toString(36)
    .padStart(10, '0');
  // Locally administered, as no multicast address may be reserved.
  const mac = `02${Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0')}`;
  const reservedClients = [1, 2, 3].map((client) => {
    return { id: `${tag}-${client}`, mac: `${mac}0${client}`, ip: `192.168.0.${20 + client}`, enable: true };
  });
  return {
    name: `Device ${tag}`,
    notes: `Notes ${tag}`,
    wifi: {
      ...{ enabled: true, ssid: `Net ${tag}`, password: `password ${tag}` },
      ...{ enabled5G: true, ssid5G: `Net ${tag} 5G`, password5G: `password ${tag} 5G` },
      ...{ enabled6G: true, ssid6G: `Net ${tag} 6G`, password6G: `password ${tag} 6G`, bandsteering: false },
    },
    dhcp: {
      ...{ enable: true, ipPoolStart: '192.168.0.100', ipPoolEnd: '192.168.0.199' },
      ...{ leaseTime: 61 + Math.floor(random() * 1000), primaryDnsServer: '9.9.9.9', reservedClients },
    },
  };
}

/** As long as a UUID. */
function newKey(random) {
  return Array.from({ length: 3 }, () => random().toString(16).slice(2, 14).padEnd(12, '0')).join('');
}

/** A generated device that takes updates: 1 in 10,000 is being deleted. */
export function pickDevice(random, devices) {
  const n = 1 + Math.floor(random() * devices);
  return n % 10_000 === 1 ? n + 1 : n;
}

/** Different devices below one reseller, the first one given. */
function spread(n, devices, count) {
  const even = devices - (devices % 2);
  return Array.from({ length: count }, (_, index) => deviceId(1 + ((n - 1 + index * 2 * 7919) % even)));
}

/** The cursor of a device that enough others below its reseller follow. */
function cursorBefore(n, devices) {
  return Buffer.from(`id:${deviceId(Math.min(n, devices - 3 * PAGE_SIZE))}`).toString('base64url');
}

const graphql = (query, variables, as) => ({ method: 'POST', path: '', body: { query, variables }, as });

/**
 * By name: what it is, where its answer stands, and how a kind of server is asked for it, given a device's number, a
 * source of random numbers and how many devices there are; paths are below the server's URL but for `fullPath`. `as` is whose token is sent: that of a reseller by its place
 * in RESELLERS, or of the machine that reports. `needs` is the field without which it is left out. What stands `beside` another
 * operation is compared with that one, on one server.
 */
export const OPERATIONS = {
  Q: {
    title: 'Q: one device with everything nested',
    root: 'networkDevice',
    graphql: ({ n }) => graphql(READ, { id: deviceId(n) }, treeOf(n)),
    bare: ({ n }) => ({ method: 'GET', path: `/${deviceId(n)}` }),
  },
  M: {
    title: 'M: name, notes, WiFi and DHCP with three reservations changed, everything selected back',
    root: 'updateNetworkDevice',
    makesJobs: true,
    graphql: ({ n, random }) => graphql(UPDATE, { id: deviceId(n), input: newSettings(random) }, treeOf(n)),
    bare: ({ n, random }) => ({ method: 'POST', path: `/${deviceId(n)}`, body: newSettings(random) }),
  },
  R: {
    title: 'R: the name changed, without a job; contenders write the row and nothing else',
    root: 'updateNetworkDevice',
    graphql: ({ n, random }) =>
      graphql(RENAME_BACK, { id: deviceId(n), name: newSettings(random).name }, treeOf(n)),
    bare: ({ n, random }) => ({
      method: 'POST',
      path: `/${deviceId(n)}`,
      body: { name: newSettings(random).name },
    }),
  },
  'M-key': {
    title: 'M-key: the same with an idempotency key, a new one for each',
    root: 'updateNetworkDevice',
    beside: 'M',
    makesJobs: true,
    ours: ({ n, random }) =>
      graphql(KEYED_UPDATE, { id: deviceId(n), input: newSettings(random), key: newKey(random) }, treeOf(n)),
  },
  page: {
    title: `Page: ${PAGE_SIZE} devices in order of id, everything nested`,
    root: 'networkDeviceConnection',
    graphql: ({ n, devices }) =>
      graphql(PAGE, { first: PAGE_SIZE, after: cursorBefore(n, devices) }, treeOf(n)),
    bare: ({ n, devices }) => ({
      method: 'GET',
      path: `?first=${PAGE_SIZE}&after=${cursorBefore(n, devices)}`,
    }),
  },
  batch: {
    title: `Batch: ${PAGE_SIZE} devices by their ids, everything nested`,
    root: 'networkDevices',
    graphql: ({ n, devices }) => graphql(BATCH, { ids: spread(n, devices, PAGE_SIZE) }, treeOf(n)),
    bare: ({ n, devices }) => ({ method: 'POST', path: '', body: spread(n, devices, PAGE_SIZE) }),
  },
  'batch-slim': {
    title: `Batch, slim: ${PAGE_SIZE} devices by their ids, name and online only`,
    root: 'networkDevices',
    graphql: ({ n, devices }) => graphql(BATCH_SLIM, { ids: spread(n, devices, PAGE_SIZE) }, treeOf(n)),
    bare: ({ n, devices }) => ({ method: 'POST', path: '?slim', body: spread(n, devices, PAGE_SIZE) }),
  },
  rest: {
    title: 'REST: GET of one device',
    ours: ({ n }) => ({ method: 'GET', fullPath: `/network/device/${deviceId(n)}`, as: treeOf(n) }),
    bare: ({ n }) => ({ method: 'GET', path: `/${deviceId(n)}` }),
  },
  reports: {
    title: `Reports: the status of ${REPORTS} devices`,
    needs: { root: 'mutationType', field: 'reportDeviceStatus' },
    connections: 4,
    ours: ({ n, random, devices }) =>
      graphql(REPORT, { reports: newReports(n, random, devices) }, 'reporter'),
  },
  fanOut: {
    title: 'Fan-out: one change to 1,000 subscribed sockets; a request is one delivery',
    needs: { root: 'subscriptionType', field: 'networkDeviceChanged' },
    ours: ({ n, random }) => graphql(RENAME, { id: deviceId(n), name: newSettings(random).name }, treeOf(n)),
    subscription: ({ n }) => ({ query: CHANGES, variables: { ids: [deviceId(n)] }, as: treeOf(n) }),
  },
};

function newReports(n, random, devices) {
  return spread(n, devices, REPORTS).map((device) => {
    return {
      device,
      online: true,
      signalStrength: Math.floor(random() * 101),
      upTime: Math.floor(random() * 1e6),
    };
  });
}

/** How a kind of server is asked for an operation; undefined when it is not. The gateway is a GraphQL server too. */
export function requestFor(operation, kind) {
  return operation[kind] ?? (kind === 'ours' ? operation.graphql : undefined);
}

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The checkout that runs. */
export const ROOT = join(import.meta.dirname, '..', '..', '..');

/** Where everything lies under the data directory. */
export type Layout = ReturnType<typeof layoutOf>;

export const layoutOf = (dataDir: string) => {
  const at = (...parts: string[]) => join(dataDir, ...parts);
  return {
    dataDir,
    upFile: at('up.json'),
    portsFile: at('ports.json'),
    adminTokenFile: at('admin-token'),
    agentBundlesDir: at('agent'),
    redisDir: at('redis'),
    databaseDir: at('db'),
    brokerDir: at('mosquitto'),
    logsDir: at('logs'),
    exportsDir: at('exports'),
    cacheDir: at('cache'),
    storeDir: at('store'),
    buildsDir: at('store', 'builds'),
    bundlesDir: at('store', 'bundles'),
    sourcesDir: at('store', 'sources'),
    qualificationsDir: at('store', 'qualifications'),
    /** disks of virtual devices that the API starts */
    virtualDevicesDir: at('virtual-devices'),
    /** disks of devices in qualifications */
    qualifierWorkDir: at('qualifier'),
    deviceCaCert: at('pki', 'device', 'ca.pem'),
    deviceCaKey: at('pki', 'device', 'ca.key.pem'),
    /** certificates that the device authority took back, as the broker reads them */
    revocationFile: at('mosquitto', 'revoked.pem'),
    serverDir: at('pki', 'server'),
    serverCaCert: at('pki', 'server', 'ca.pem'),
    serverCaKey: at('pki', 'server', 'ca.key.pem'),
    serverCert: at('pki', 'server', 'server.pem'),
    serverKey: at('pki', 'server', 'server.key.pem'),
    gatewayCert: at('pki', 'server', 'gateway.pem'),
    gatewayKey: at('pki', 'server', 'gateway.key.pem'),
    /** what the cloud of a virtual device shows it */
    qualifierKeysDir: at('pki', 'qualifier'),
    qualifierCert: at('pki', 'qualifier', 'server.pem'),
    qualifierKey: at('pki', 'qualifier', 'server.key.pem'),
    /** public: the root that devices trust releases by */
    releaseRoot: at('pki', 'release-root.pem'),
    signerKeysDir: at('signer', 'keys'),
    /** of them, the key that devices with Secure Boot start programs by */
    secureBootKeysDir: at('signer', 'keys', 'secure-boot'),
    signerStateDir: at('signer', 'state'),
    /** keys of root and intermediate; no process reads them */
    offlineDir: at('signer', 'offline'),
    /** keys that allow other keys of Secure Boot; no process reads them */
    secureBootOfflineDir: at('signer', 'secure-boot-offline'),
    /** of the signing profiles other than the default one, `NAME/release-root.pem` and `NAME/secure-boot`; public */
    profilesDir: at('pki', 'profiles'),
    /** of them, what the signer works with */
    profileKeysDir: at('signer', 'keys', 'profiles'),
    /** public: what a device with Secure Boot enrols */
    secureBootDir: at('pki', 'secure-boot'),
  };
};

export const makeFolders = async (layout: Layout): Promise<void> => {
  await mkdir(layout.dataDir, { recursive: true });
  const privateFolders = [
    layout.redisDir,
    layout.databaseDir,
    layout.brokerDir,
    join(layout.dataDir, 'pki'),
    join(layout.dataDir, 'signer'),
    layout.signerStateDir,
    layout.profilesDir,
    layout.qualifierWorkDir,
  ];
  for (const folder of privateFolders) await mkdir(folder, { recursive: true, mode: 0o700 });
  const folders = [
    layout.logsDir,
    layout.buildsDir,
    layout.bundlesDir,
    layout.sourcesDir,
    layout.qualificationsDir,
  ];
  for (const folder of folders) {
    await mkdir(folder, { recursive: true });
  }
};

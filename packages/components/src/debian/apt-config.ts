import { ARCHITECTURES, type Arch } from '@slipway/protocol';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../run-tool.ts';
import { writeAtomically } from '../write-atomically.ts';

/** An apt of our own: nothing of it is shared with the packages installed on this machine. */
export type AptConfig = { readonly configFile: string; readonly directory: string };

/** What this machine needs to reach the network, such as a proxy, holds for ours too. */
const networkSettings = async (): Promise<string> => {
  const dump = (await runTool('apt-config', ['dump', 'Acquire'], { package: 'apt' })).toString();
  return dump
    .split('\n')
    .filter((line) => /^Acquire::(?:https?::|Retries|ForceIPv|Check-|Max-)/i.test(line))
    .join('\n');
};

const ownArchitecture = (name: string): string =>
  `APT::Architecture "${name}";\nAPT::Architectures { "${name}"; };`;

export const aptConfig = (directory: string, arch: Arch | undefined, network: string): string => `\
${network}
Dir "${directory}";
Dir::Etc "etc";
Dir::Etc::main "apt.conf";
Dir::Etc::parts "empty";
Dir::Etc::sourcelist "sources.list";
Dir::Etc::sourceparts "sources";
Dir::Etc::preferences "preferences";
Dir::Etc::preferencesparts "empty";
Dir::Etc::trusted "trusted.gpg";
Dir::Etc::trustedparts "empty";
Dir::State "state";
Dir::State::status "${directory}/status";
Dir::Cache "cache";
Dir::Log "log";
${arch === undefined ? '' : ownArchitecture(ARCHITECTURES[arch].debian)}
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::Retries::Delay::Maximum "2";
`;

const FOLDERS = ['etc/empty', 'etc/sources', 'state/lists/partial', 'cache/archives/partial', 'log'];

export const writeAptConfig = async (directory: string, arch?: Arch): Promise<AptConfig> => {
  for (const part of FOLDERS) await mkdir(join(directory, part), { recursive: true });
  await writeFile(join(directory, 'status'), '');
  await writeFile(join(directory, 'etc', 'apt.conf'), '');
  const configFile = join(directory, 'apt.conf');
  await writeAtomically(configFile, aptConfig(directory, arch, await networkSettings()));
  return { configFile, directory };
};

/** For downloads alone: knows no archive. */
export const openDownloads = async (cacheDir: string): Promise<AptConfig> =>
  writeAptConfig(join(cacheDir, 'apt', 'downloads'));

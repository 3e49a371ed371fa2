import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.ts';

const FEW = 5;

/** What there is of each in an installation that has just begun; live events keep it fresh. */
export const useBuilds = () =>
  useQuery({
    queryKey: ['builds', 'newest', FEW],
    queryFn: ({ signal }) => api.builds.list({ limit: FEW }, { signal }).all(FEW),
  });

export const useReleases = () =>
  useQuery({
    queryKey: ['releases', 'newest', FEW],
    queryFn: ({ signal }) => api.releases.list({ limit: FEW }, { signal }).all(FEW),
  });

export const useDevices = () =>
  useQuery({
    queryKey: ['devices', 'any', FEW],
    queryFn: ({ signal }) => api.devices.list({ limit: FEW }, { signal }).all(FEW),
  });

export const useClasses = () =>
  useQuery({
    queryKey: ['classes', 'list'],
    queryFn: ({ signal }) => api.deviceClasses.list({ signal }),
  });

export const useVirtualDevices = () =>
  useQuery({
    queryKey: ['virtual-devices'],
    queryFn: ({ signal }) => api.virtualDevices.list({ signal }),
  });

import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.ts';

export const useGroups = () =>
  useQuery({
    queryKey: ['groups', 'names'],
    queryFn: ({ signal }) => api.groups.list({ limit: 1000 }, { signal }).all(),
  });

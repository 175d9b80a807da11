import { QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'react-router';
import { newQueries } from './details.ts';
import { Entrance } from './Entrance.tsx';

/** The room of a meeting, by its id. */
export default function RoomPage() {
  const { id = '' } = useParams();
  const [queries] = useState(newQueries);
  return (
    <QueryClientProvider client={queries}>
      <Entrance key={id} way={{ id }} />
    </QueryClientProvider>
  );
}
